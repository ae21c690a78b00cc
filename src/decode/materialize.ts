import type { Address } from '../loops/loops.ts';
import type { Column } from '../table/column.ts';
import type { Decoder } from './decode.ts';
import { NOT_FREE } from './folios.ts';
import { type Lane, NOTHING } from './lanes.ts';

/** Copies a column and makes rows whose state is not `ok` (0) empty. */
export function withUnread<C extends Column>(column: C, states: Uint8Array): C {
  const { empty: before } = column;
  const empty = new Uint8Array(states.length);
  for (let i = 0; i < empty.length; i++) empty[i] = states[i] === 0 ? (before?.[i] ?? 0) : 1;
  return { ...column, empty };
}

/** A lane of words that are the same distance apart. */
type WordLane = Extract<Lane, { kind: 'int' | 'word' }>;

/** Number of pages whose words are copied at a time, for all columns: their struct pages stay in the processor's cache. */
const BLOCK = 2048;

/** Copies the values of several lanes, each as `materialize` does. */
export function materializeAll(decoder: Decoder, lanes: readonly Lane[]): Column[] {
  const isWord = (lane: Lane): lane is WordLane => lane.kind === 'int' || lane.kind === 'word';
  const words = wordColumns(decoder, lanes.filter(isWord));
  return lanes.map((lane) => (isWord(lane) ? words.shift()! : materialize(decoder, lane)));
}

function wordColumns(decoder: Decoder, lanes: readonly WordLane[]): Column[] {
  const { count } = decoder;
  const filled = lanes.map((lane) =>
    lane.kind === 'int' ? intColumn(decoder, lane) : wordColumn(decoder, lane),
  );
  for (let from = 0; from < count; from += BLOCK) {
    const length = Math.min(BLOCK, count - from);
    for (const { fill } of filled) fill(from, length);
  }
  return filled.map(({ column }) => column);
}

/** A column, and what copies `length` of its values from `from` on. */
interface FilledColumn {
  readonly column: Column;
  fill(from: number, length: number): void;
}

function intColumn(decoder: Decoder, { at, stride }: WordLane): FilledColumn {
  const { loops } = decoder.pages;
  const values = decoder.arrays.make(Int32Array, decoder.count);
  const scratch = decoder.scratch(0);
  const gathered = loops.ints(scratch, Math.min(BLOCK, decoder.count));
  return {
    column: { kind: 'number', values },
    fill(from, length) {
      loops.run.gather32(at + from * stride, stride, length, scratch);
      values.set(part(gathered, length), from);
    },
  };
}

function wordColumn(decoder: Decoder, { at, stride }: WordLane): FilledColumn {
  const { loops } = decoder.pages;
  const low = decoder.arrays.make(Uint32Array, decoder.count);
  const high = decoder.arrays.make(Uint32Array, decoder.count);
  const [lowScratch, highScratch] = [decoder.scratch(0), decoder.scratch(1)];
  const most = Math.min(BLOCK, decoder.count);
  const [lows, highs] = [loops.words(lowScratch, most), loops.words(highScratch, most)];
  return {
    column: { kind: 'word', low, high },
    fill(from, length) {
      loops.run.splitWords(at + from * stride, stride, length, lowScratch, highScratch);
      low.set(part(lows, length), from);
      high.set(part(highs, length), from);
    },
  };
}

/** The first `length` elements, without another array if these are all. */
function part<A extends Int32Array | Uint32Array>(array: A, length: number): A {
  return length === array.length ? array : (array.subarray(0, length) as A);
}

/** Copies the values of a lane from the memory of the loops to separate arrays. */
export function materialize(decoder: Decoder, lane: Lane): Column {
  const { arrays, count, pages } = decoder;
  const { loops } = pages;
  const { run } = loops;
  const words = (from: number, stride: number): { low: Uint32Array; high: Uint32Array } => {
    const low = decoder.scratch(0);
    const high = decoder.scratch(1);
    run.splitWords(from, stride, count, low, high);
    return { low: arrays.copy(loops.words(low, count)), high: arrays.copy(loops.words(high, count)) };
  };
  switch (lane.kind) {
    case 'empty': {
      const empty = new Uint8Array(count).fill(1);
      const zeros = new Uint32Array(count);
      return lane.as === 'word'
        ? { kind: 'word', low: zeros, high: zeros, empty }
        : { kind: 'number', values: zeros, empty };
    }
    case 'int':
    case 'word':
      return wordColumns(decoder, [lane])[0]!;
    case 'mapcount': {
      const at = decoder.scratch(0);
      const empty = decoder.scratch(1);
      run.gatherMapcounts(lane.at, lane.stride, count, at, empty);
      return {
        kind: 'number',
        values: arrays.copy(loops.ints(at, count)),
        empty: arrays.copy(loops.bytes(empty, count)),
      };
    }
    case 'field': {
      const at = decoder.scratch(0);
      run.gatherField(lane.at, lane.stride, count, lane.shift, lane.mask, at);
      const values = arrays.copy(loops.words(at, count));
      return lane.names ? { kind: 'name', codes: values, names: lane.names } : { kind: 'number', values };
    }
    case 'count': {
      const { low, high } = words(lane.at, 8);
      const values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = high[i]! * 4294967296 + low[i]!;
      return { kind: 'number', values };
    }
    case 'optional':
      return optionalColumn(lane.as, words(lane.at, 8));
    case 'double':
      return { kind: 'number', values: arrays.copy(loops.doubles(lane.at, count)) };
    case 'byte': {
      const at = decoder.scratch(0);
      run.gather8(lane.at, lane.stride, count, at);
      const values = arrays.copy(loops.bytes(at, count));
      const empty = arrays.make(Uint8Array, count);
      for (let i = 0; i < count; i++) empty[i] = values[i] === NOT_FREE ? 1 : 0;
      return { kind: 'number', values, empty };
    }
    case 'code': {
      const at = decoder.scratch(0);
      return { kind: 'name', codes: gatherCodes(decoder, lane, at), names: lane.names };
    }
    case 'set':
      return { kind: 'set', ...words(lane.at, 8), names: lane.names };
  }
}

function optionalColumn(
  as: 'number' | 'word',
  { low, high }: { readonly low: Uint32Array; readonly high: Uint32Array },
): Column {
  const noneLow = Number(NOTHING & 0xffffffffn);
  const noneHigh = Number(NOTHING >> 32n);
  const { length } = low;
  // plain loops: the methods of typed arrays that take a function are several times slower
  const empty = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    if (low[i] !== noneLow || high[i] !== noneHigh) continue;
    empty[i] = 1;
    low[i] = 0;
    high[i] = 0;
  }
  if (as === 'word') return { kind: 'word', low, high, empty };
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = (high[i]! | 0) * 4294967296 + low[i]!;
  return { kind: 'number', values, empty };
}

function gatherCodes(
  { arrays, count, pages: { loops } }: Decoder,
  { at: from, stride, bytes }: Extract<Lane, { kind: 'code' }>,
  at: Address,
): Uint8Array | Uint16Array | Uint32Array {
  switch (bytes) {
    case 1:
      loops.run.gather8(from, stride, count, at);
      return arrays.copy(loops.bytes(at, count));
    case 2:
      loops.run.gather16(from, stride, count, at);
      return arrays.copy(loops.shorts(at, count));
    case 4:
      loops.run.gather32(from, stride, count, at);
      return arrays.copy(loops.words(at, count));
  }
}
