import { viewOf } from '../../core/bytes.ts';
import { FormatError } from '../../core/errors.ts';
import { type Decoding, decodings } from './addresses.ts';
import { LazyTable, type ReadVirtual } from './lazy-table.ts';
import { Names } from './names.ts';
import {
  align,
  checkPlaces,
  findMarkers,
  type KallsymsTables,
  namesRoom,
  seqsCandidates,
  unlessFault,
} from './tables.ts';
import { Tokens } from './tokens.ts';

export type { ReadVirtual } from './lazy-table.ts';
export type { KallsymsTables } from './tables.ts';

/** Known facts that decide how addresses are stored. */
export interface KallsymsHints {
  /** Runtime address of _stext or _text. */
  readonly text: bigint;
  /** Bytes of an address; 8 if not given. */
  readonly wordBytes?: 4 | 8;
}

/** The order of symbols has 3 bytes each (kallsyms_seqs_of_names). */
const MAX_SYMBOLS = 1 << 24;
/** Number of addresses sampled to tell whether a decoding makes sense. */
const SAMPLES = 8;

/**
 * The kernel's own symbol table in its memory (kernel/kallsyms.c), in all layouts since 5.10 and either byte order. No
 * version decides: the decoding that gives `_stext` its known address is right.
 *
 * Methods throw FaultError if a part of the tables is missing, FormatError if it is damaged.
 */
export class Kallsyms {
  readonly count: number;
  readonly #names: Names;
  readonly #decoding: Decoding;
  /** kallsyms_seqs_of_names: indices of the symbols in the order of their names, 3 bytes each, high byte first. */
  readonly #byName: LazyTable | undefined;
  readonly #cache: Map<string, bigint | undefined> = new Map();

  private constructor(names: Names, decoding: Decoding, byName: LazyTable | undefined) {
    this.count = names.count;
    this.#names = names;
    this.#decoding = decoding;
    this.#byName = byName;
  }

  /**
   * @throws FormatError if the tables contradict each other or the hint
   * @throws FaultError if they cannot be read
   */
  static open(read: ReadVirtual, tables: KallsymsTables, hints: KallsymsHints): Kallsyms {
    const tokens = Tokens.read(read, tables.tokenTable, tables.tokenIndex);
    const little = tokens.littleEndian;
    const count = viewOf(read(tables.numSyms, 4)).getUint32(0, little);
    if (count === 0 || count >= MAX_SYMBOLS) {
      throw new FormatError({
        file: 'kallsyms_num_syms',
        expected: `1 to ${MAX_SYMBOLS - 1} symbols`,
        found: `${count}`,
      });
    }
    checkPlaces(tables, count);
    const markers = findMarkers(read, tables, count, little);
    const names = new Names(
      new LazyTable(read, tables.names, namesRoom(tables, markers?.address, count)),
      tokens,
      count,
      markers?.values,
    );
    const candidates = seqsCandidates(tables, markers?.address, count, hints.wordBytes ?? 8);
    for (const address of candidates) {
      const table = new LazyTable(read, address, count * 3);
      const found = unlessFault(() => ['_stext', '_text'].map((name) => searchByName(names, table, name)));
      const indices = found?.filter((index) => index !== undefined) ?? [];
      const decoding = chooseDecoding(read, tables, names, indices, hints, little);
      if (decoding) return new Kallsyms(names, decoding, table);
    }
    const found = names.findAll(['_stext', '_text']);
    if (found.size === 0) {
      throw new FormatError({ file: 'kallsyms', expected: 'a symbol _stext or _text', found: 'neither' });
    }
    const decoding = chooseDecoding(read, tables, names, [...found.values()], hints, little);
    if (decoding) return new Kallsyms(names, decoding, undefined);
    throw new FormatError({
      file: 'kallsyms',
      expected: `an encoding that gives _stext the address 0x${hints.text.toString(16)}`,
      found: 'none among those known',
    });
  }

  /** How addresses are stored, in words. */
  get encoding(): string {
    return this.#decoding.name;
  }

  /** Address of the symbol with this name; the first by address if several have it. */
  address(name: string): bigint | undefined {
    return this.addresses([name]).get(name);
  }

  /** Addresses of several symbols, in one pass if the kernel has no order by name (before 6.2). */
  addresses(names: readonly string[]): Map<string, bigint> {
    const missing = names.filter((name) => !this.#cache.has(name));
    if (missing.length > 0) {
      const found = this.#byName ? undefined : this.#names.findAll(missing);
      for (const name of missing) {
        const index = this.#byName ? searchByName(this.#names, this.#byName, name) : found?.get(name);
        this.#cache.set(name, index === undefined ? undefined : this.#decoding.address(index));
      }
    }
    const out = new Map<string, bigint>();
    for (const name of names) {
      const address = this.#cache.get(name);
      if (address !== undefined) out.set(name, address);
    }
    return out;
  }

  /** Every symbol by ascending address. `type` is the letter of nm(1). */
  *entries(): Generator<{ name: string; type: string; address: bigint }> {
    let index = 0;
    for (const text of this.#names.texts()) {
      yield { name: text.slice(1), type: text.slice(0, 1), address: this.#decoding.address(index++) };
    }
  }

  /** The symbol at or before an address; undefined before the first and after the last, hence for modules. */
  nearest(address: bigint): { name: string; offset: bigint } | undefined {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#decoding.address(middle) <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const start = this.#decoding.address(low - 1);
    if (low === this.count && start !== address) return undefined;
    // Of several symbols at one address, the kernel prints the first.
    let first = low - 1;
    while (first > 0 && this.#decoding.address(first - 1) === start) first--;
    return { name: this.#names.text(first).slice(1), offset: address - start };
  }
}

/** Binary search like kallsyms_lookup_names(); the first of several symbols with this name. */
function searchByName(names: Names, order: LazyTable, name: string): number | undefined {
  const wanted = Buffer.from(name, 'latin1');
  const at = (position: number): number | undefined => {
    order.load(position * 3, position * 3 + 3);
    const [a, b, c] = order.bytes.subarray(position * 3, position * 3 + 3);
    const index = (a! << 16) | (b! << 8) | c!;
    return index < names.count ? index : undefined;
  };
  let low = 0;
  let high = names.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const index = at(middle);
    if (index === undefined) return undefined;
    if (names.compare(index, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  const index = low < names.count ? at(low) : undefined;
  return index !== undefined && names.compare(index, wanted) === 0 ? index : undefined;
}

function chooseDecoding(
  read: ReadVirtual,
  tables: KallsymsTables,
  names: Names,
  textSymbols: readonly number[],
  { text, wordBytes = 8 }: KallsymsHints,
  little: boolean,
): Decoding | undefined {
  const offsets = new LazyTable(read, tables.offsets, names.count * 4, little);
  const absolute = new LazyTable(read, tables.offsets, names.count * wordBytes, little);
  const behind = align(tables.offsets + BigInt(names.count * 4), BigInt(wordBytes));
  const place = new LazyTable(read, tables.relativeBase ?? behind, wordBytes, little);
  const base = unlessFault(() => place.word(0, wordBytes));
  return decodings(offsets, absolute, base === undefined ? [] : [base], wordBytes).find(
    (decoding) =>
      textSymbols.some((index) => unlessFault(() => decoding.address(index)) === text) &&
      (unlessFault(() => rises(decoding, names.count)) ?? false),
  );
}

/** Checks that symbols are sorted by address: one correct address does not prove a decoding. */
function rises(decoding: Decoding, count: number): boolean {
  let before = 0n;
  for (let i = 0; i <= SAMPLES; i++) {
    const here = decoding.address(Math.floor(((count - 1) * i) / SAMPLES));
    if (here < before) return false;
    before = here;
  }
  return true;
}
