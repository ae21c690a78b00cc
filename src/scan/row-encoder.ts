import { UnsupportedError } from '../core/errors.ts';
import { type ColumnName, pageColumn } from '../decode/columns/registry.ts';
import type { Decoder, PickedRows } from '../decode/decode.ts';
import type { Lane } from '../decode/lanes.ts';
import { FACT, FACT_BYTES } from '../decode/page-loops.ts';
import { CONSTANTS, RECORDS } from '../loops/abi.ts';
import type { Address, Loops } from '../loops/loops.ts';
import { type RecordOf, sizeOf } from '../loops/records.ts';
import { setText } from '../table/cells.ts';
import { nameOf } from '../table/column.ts';
import { nameText, type RowStyle } from '../table/row-style.ts';

const KIND = CONSTANTS.ValueKind;
const { Column, Encoded, SetText, Text } = RECORDS;
const COLUMN_BYTES = sizeOf(Column);
const TEXT_BYTES = sizeOf(Text);
/** What may change for a column from batch to batch. */
const KEYS = ['kind', 'at', 'stride', 'shift', 'mask', 'texts', 'differs'] as const;
type Described = Pick<RecordOf<typeof Column>, (typeof KEYS)[number]>;
const SET_TABLE_BYTES = CONSTANTS.Slots.sets * sizeOf(SetText);
/** Number of bytes of a struct page by which rows are compared; the facts follow them. */
const REACH = CONSTANTS.Masks.reach;
/** Minimum number of columns whose text a copied row must save. */
const FEWEST_FIXED = 3;
/**
 * A word that changes more often than once in this many rows is written for each row; one that changes less than half as
 * often is copied.
 */
const OFTEN = 8;
const CHUNK = 1 << 20;
/** Maximum length of a number or word, with its quotes. */
const LONGEST_VALUE = 24;
/** Kinds of names by the size of their codes. */
const NAME_KINDS = { 1: KIND.name8, 2: KIND.name16, 4: KIND.name32 } as const;
const WHOLE = BigInt(Number.MAX_SAFE_INTEGER);
const ALL_BITS = 2n ** 64n - 1n;
const textEncoder = new TextEncoder();

/** A text in the memory of the loops. */
interface Placed {
  readonly at: Address;
  readonly length: number;
}

/**
 * Encodes rows of the batch in a decoder as text, in the loops, without an object or string per row. It returns full
 * chunks; each is valid until the next is requested.
 */
export class RowEncoder {
  readonly #decoder: Decoder;
  readonly #loops: Loops;
  readonly #columns: readonly ColumnName[];
  readonly #style: RowStyle;
  readonly #table: Address;
  readonly #before: readonly Placed[];
  readonly #empty: Placed;
  readonly #end: Placed;
  /** For each column its table of names or sets, and the number of names in it; -1 for sets. */
  readonly #tables: { at: Address; known: number; room: number }[];
  readonly #heap: TextHeap;
  readonly #setTexts: SetTexts;
  #buffer: Placed | undefined;
  /** Bits that determine all columns except those that differ from page to page. */
  readonly #rowMask: Address;
  readonly #mask: Uint8Array;
  readonly #described: Described[] = [];
  /** Where the loops report their progress. */
  readonly #encoded: Address;
  /** Words that change often, and the number of rows of the last batch. */
  readonly #changing: Set<number> = new Set();
  #rows = 0;
  /** Maximum length of a row. */
  #longest = 0;
  #longestName: number[];

  constructor(decoder: Decoder, columns: readonly ColumnName[], style: RowStyle) {
    this.#decoder = decoder;
    this.#loops = decoder.pages.loops;
    this.#columns = columns;
    this.#style = style;
    this.#heap = new TextHeap(this.#loops);
    this.#setTexts = new SetTexts(this.#loops);
    this.#table = this.#loops.allocate(columns.length * COLUMN_BYTES);
    this.#before = style.before.map((text) => this.#heap.place(text));
    this.#empty = this.#heap.place(style.empty);
    const end = this.#heap.place(style.end);
    this.#tables = columns.map(() => ({ at: 0, known: 0, room: 0 }));
    this.#longestName = columns.map(() => LONGEST_VALUE + 2 * style.quote.length + this.#empty.length);
    this.#longest = end.length;
    for (const placed of this.#before) this.#longest += placed.length;
    this.#rowMask = this.#loops.allocate(REACH + FACT_BYTES);
    this.#mask = this.#loops.bytes(this.#rowMask, REACH + FACT_BYTES);
    this.#encoded = this.#loops.allocate(sizeOf(Encoded));
    this.#end = end;
  }

  #setStyle(rowMask: Address): void {
    const { quote } = this.#style;
    this.#loops.set('Style', {
      columns: this.#table,
      columnCount: this.#columns.length,
      quote: quote === '' ? 0 : quote.charCodeAt(0),
      emptyText: this.#empty.at,
      emptyLength: this.#empty.length,
      endText: this.#end.at,
      endLength: this.#end.length,
      rowMask,
      encoded: this.#encoded,
    });
  }

  /** The selected rows as bytes, in chunks of about 1 MiB. */
  *encode({ at: rows, first, count }: PickedRows): Generator<Uint8Array> {
    if (count === 0) return;
    this.#describeAll(count);
    const buffer = this.#room();
    for (let done = 0; done < count; ) {
      const { end, rowsDone } = this.#write({ at: rows, first, count }, done, buffer.at, buffer.at + CHUNK);
      done = rowsDone;
      yield this.#loops.bytes(buffer.at, end - buffer.at);
    }
  }

  /** Writes all selected rows to `at`; returns their length, or undefined if `length` bytes may not suffice. */
  place(rows: PickedRows, at: Address, length: number): number | undefined {
    if (rows.count === 0) return 0;
    this.#describeAll(rows.count);
    const { end, rowsDone } = this.#write(rows, 0, at, at + length - this.#longestRow());
    return rowsDone === rows.count ? end - at : undefined;
  }

  /** Writes rows after the first `done` until `limit` is passed; adds texts of new sets of flags. */
  #write(
    { at: rows, first, count }: PickedRows,
    done: number,
    to: Address,
    limit: Address,
  ): { readonly end: Address; readonly rowsDone: number } {
    let rowsDone = done;
    let end = to;
    for (;;) {
      const from = rows === 0 ? 0 : rows + rowsDone * 4;
      end = this.#loops.run.encode(from, first + rowsDone, count - rowsDone, end, limit);
      rowsDone += this.#loops.read(this.#encoded, Encoded, 'rows');
      const column = this.#loops.read(this.#encoded, Encoded, 'column');
      if (column < 0) return { end, rowsDone };
      this.#makeSet(column);
    }
  }

  /** Prepares all columns for a batch with `count` selected rows. */
  #describeAll(count: number): void {
    let fixed = 0;
    this.#mask.fill(0);
    for (const [i, name] of this.#columns.entries()) fixed += this.#describe(i, name) ? 1 : 0;
    this.#rows = count;
    this.#setStyle(fixed < FEWEST_FIXED ? 0 : this.#rowMask);
  }

  /** Maximum number of bytes for a row, including what copies of texts write after it. */
  #longestRow(): number {
    return this.#longest + this.#longestName.reduce((sum, n) => sum + n, 0) + 64;
  }

  /** Room for a chunk and the row that passes its limit. */
  #room(): Placed {
    const needed = CHUNK + this.#longestRow();
    if (!this.#buffer || this.#buffer.length < needed) {
      const length = this.#buffer ? needed * 2 : needed + CHUNK;
      this.#buffer = { at: this.#loops.allocate(length), length };
    }
    return this.#buffer;
  }

  /** Prepares a column for this batch; returns whether pages that are alike have the same value. */
  #describe(index: number, name: ColumnName): boolean {
    const lane = this.#decoder.lane(name);
    const entry = this.#table + index * COLUMN_BYTES;
    if (lane.kind === 'word') {
      const often = this.#changing.has(index) ? 2 * OFTEN : OFTEN;
      if (this.#loops.read(entry, Column, 'changes') * often > this.#rows) this.#changing.add(index);
      else this.#changing.delete(index);
    }
    const fixed = !this.#changing.has(index) && this.#isFixed(lane);
    const values = { ...this.#valueOf(lane), texts: this.#texts(index, lane), differs: fixed ? 0 : 1 };
    // a column stays in its place from batch to batch
    const known = this.#described[index];
    if (!known || KEYS.some((key) => known[key] !== values[key])) {
      this.#loops.write(entry, Column, { ...values, ...this.#beforeOf(index, name) });
      this.#described[index] = values;
    }
    if (lane.kind === 'word') this.#loops.write(entry, Column, { changes: 0 });
    return fixed;
  }

  #beforeOf(index: number, name: ColumnName): Partial<RecordOf<typeof Column>> {
    const before = this.#before[index]!;
    return {
      before: before.at,
      beforeLength: before.length,
      beforeStart: this.#loops.longs(before.at, 1)[0]!,
      always: pageColumn(name).ofPlace ? 1 : 0,
    };
  }

  /** Whether bits of the struct page and of the facts alone determine a column; adds them to the mask of rows. */
  #isFixed(lane: Lane): boolean {
    const { raw, facts, layout } = this.#decoder.pages;
    const mask = this.#mask;
    const add = (offset: number, length: number): boolean => {
      if (offset + length > REACH) return false;
      mask.fill(0xff, offset, offset + length);
      return true;
    };
    switch (lane.kind) {
      case 'empty':
        return true;
      case 'set':
        mask.fill(0xff, REACH + FACT.place, REACH + FACT.kind + 1);
        return add(layout.offsets.flags, 8);
      case 'int':
      case 'mapcount':
        return isWithin(lane.at, raw, layout.size) && add(lane.at - raw, 4);
      case 'word':
      case 'field':
        return isWithin(lane.at, raw, layout.size) && add(lane.at - raw, 8);
      case 'byte':
      case 'code': {
        const bytes = lane.kind === 'code' ? lane.bytes : 1;
        if (!isWithin(lane.at, facts, FACT_BYTES)) return false;
        mask.fill(0xff, REACH + lane.at - facts, REACH + lane.at - facts + bytes);
        return true;
      }
      default:
        return false;
    }
  }

  #valueOf(lane: Lane): { kind: number; at: Address; stride: number; shift: number; mask: bigint } {
    const none = { shift: 0, mask: 0n };
    switch (lane.kind) {
      case 'empty':
        return { kind: KIND.empty, at: 0, stride: 0, ...none };
      case 'word':
        if (this.#style.words === 'decimal')
          return { kind: KIND.field, at: lane.at, stride: lane.stride, shift: 0, mask: ALL_BITS };
        return { kind: KIND.word, at: lane.at, stride: lane.stride, ...none };
      case 'int':
      case 'mapcount':
        return { kind: KIND[lane.kind], at: lane.at, stride: lane.stride, ...none };
      case 'field': {
        const { at, stride, shift } = lane;
        return { kind: lane.names ? KIND.nameField : KIND.field, at, stride, shift, mask: BigInt(lane.mask) };
      }
      case 'count':
        return { kind: KIND.field, at: lane.at, stride: 8, shift: 0, mask: WHOLE };
      case 'double':
        return { kind: KIND.double, at: lane.at, stride: 8, ...none };
      case 'optional':
        if (lane.as === 'word' && this.#style.words !== 'decimal')
          return { kind: KIND.optionalWord, at: lane.at, stride: 8, ...none };
        return {
          kind: KIND.optional,
          at: lane.at,
          stride: 8,
          shift: 0,
          mask: lane.as === 'word' ? ALL_BITS : 0n,
        };
      case 'byte':
        return { kind: KIND.byte, at: lane.at, stride: lane.stride, ...none };
      case 'code':
        return {
          kind: NAME_KINDS[lane.bytes],
          at: lane.at,
          stride: lane.stride,
          ...none,
        };
      case 'set':
        return { kind: KIND.set, at: lane.at, stride: 8, ...none };
    }
  }

  /** The table of texts of a column, with names added since the last batch. */
  #texts(index: number, lane: Lane): Address {
    const table = this.#tables[index]!;
    if (lane.kind === 'set') {
      if (table.at === 0) {
        table.at = this.#loops.allocate(SET_TABLE_BYTES);
        table.known = -1;
        const longest = setText(0xffffffff, 0xffffffff, lane.names);
        this.#longestName[index] = textEncoder.encode(nameText(this.#style, longest)).length;
      }
      return table.at;
    }
    if ((lane.kind !== 'code' && lane.kind !== 'field') || !lane.names) return 0;
    // a code without a name is written as a number; names with wider codes, such as slab caches, are added as they appear
    const wanted =
      lane.kind === 'field' ? lane.mask + 1 : lane.bytes === 1 ? 256 : Math.max(1, lane.names.length);
    this.#grow(table, wanted);
    for (; table.known < wanted; table.known++) {
      const name = nameOf(lane.names, table.known);
      const placed = name === '' ? this.#empty : this.#heap.place(nameText(this.#style, name));
      this.#loops.write(table.at + table.known * TEXT_BYTES, Text, placed);
      this.#longestName[index] = Math.max(this.#longestName[index]!, placed.length);
    }
    return table.at;
  }

  /** Makes room for this many texts. Memory is never released, so the table doubles. */
  #grow(table: { at: Address; known: number; room: number }, wanted: number): void {
    if (wanted <= table.room) return;
    const room = Math.max(wanted, 2 * table.room);
    const at = this.#loops.allocate(room * TEXT_BYTES);
    if (table.known > 0) {
      const known = table.known * TEXT_BYTES;
      this.#loops.bytes(at, known).set(this.#loops.bytes(table.at, known));
    }
    table.at = at;
    table.room = room;
  }

  /** Writes the entry of the set of flags that the loops have met, and keeps its text. */
  #makeSet(column: number): void {
    const set = this.#loops.read(this.#encoded, Encoded, 'set');
    const entry = this.#loops.read(this.#encoded, Encoded, 'entry');
    const lane = this.#decoder.lane(this.#columns[column]!);
    const names = lane.kind === 'set' ? lane.names : [];
    const text = setText(Number(set & 0xffffffffn), Number(set >> 32n), names);
    const placed = this.#setTexts.place(nameText(this.#style, text), () => {
      for (const { at, known } of this.#tables) if (known < 0) this.#loops.bytes(at, SET_TABLE_BYTES).fill(0);
    });
    this.#loops.write(entry, SetText, { key: BigInt.asUintN(64, set + 1n), ...placed });
  }
}

function isWithin(at: Address, area: Address, length: number): boolean {
  return at >= area && at < area + length;
}

/** Texts in the memory of the loops, with room after each for reads in words. */
class TextHeap {
  readonly #loops: Loops;

  constructor(loops: Loops) {
    this.#loops = loops;
  }

  place(text: string): Placed {
    const bytes = textEncoder.encode(text);
    const at = this.#loops.allocate(bytes.length + 8);
    this.#loops.bytes(at, bytes.length).set(bytes);
    return { at, length: bytes.length };
  }
}

const SET_TEXT_BYTES = 1 << 20;

/** Texts of sets. Damaged memory has more of them than there is room for, so all are dropped when it is full. */
class SetTexts {
  readonly #loops: Loops;
  readonly #known: Map<string, Placed> = new Map();
  #area: Address | undefined;
  #used = 0;

  constructor(loops: Loops) {
    this.#loops = loops;
  }

  place(text: string, forget: () => void): Placed {
    let placed = this.#known.get(text);
    if (placed) return placed;
    const bytes = textEncoder.encode(text);
    this.#area ??= this.#loops.allocate(SET_TEXT_BYTES);
    if (bytes.length + 8 > SET_TEXT_BYTES) {
      throw new UnsupportedError(
        `a set of flags whose names take ${bytes.length} bytes`,
        'names of a kernel',
      );
    }
    if (this.#used + bytes.length + 8 > SET_TEXT_BYTES) {
      forget();
      this.#known.clear();
      this.#used = 0;
    }
    placed = { at: this.#area + this.#used, length: bytes.length };
    this.#loops.bytes(placed.at, bytes.length).set(bytes);
    this.#used += bytes.length + 8;
    this.#known.set(text, placed);
    return placed;
  }
}
