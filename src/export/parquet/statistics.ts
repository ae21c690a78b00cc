import { viewOf } from '../../core/bytes.ts';
import type { ValueType } from '../../table/value-type.ts';
import type { Texts } from './dictionary.ts';
import { ORDER } from './format.ts';

/** The lowest and the highest value of a page or of a column, as they are written; undefined where there is none. */
export interface Extremes {
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

/** Which of two values, as they are written, comes first; numbers are little-endian. */
export function comparing(type: ValueType): (a: Uint8Array, b: Uint8Array) => number {
  switch (type) {
    case 'string':
      return (a, b) => Buffer.compare(a, b);
    case 'int32':
      return (a, b) => viewOf(a).getInt32(0, true) - viewOf(b).getInt32(0, true);
    case 'double':
      return (a, b) => viewOf(a).getFloat64(0, true) - viewOf(b).getFloat64(0, true);
    case 'int64':
    case 'timestamp':
      return (a, b) => order(viewOf(a).getBigInt64(0, true), viewOf(b).getBigInt64(0, true));
    case 'uint64':
      return (a, b) => order(viewOf(a).getBigUint64(0, true), viewOf(b).getBigUint64(0, true));
  }
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

/** The extremes of several. */
export function together(all: readonly (Extremes | undefined)[], type: ValueType): Extremes | undefined {
  const compare = comparing(type);
  let [low, high]: [Uint8Array | undefined, Uint8Array | undefined] = [undefined, undefined];
  for (const one of all) {
    if (!one) continue;
    if (!low || compare(one.low, low) < 0) low = one.low;
    if (!high || compare(one.high, high) > 0) high = one.high;
  }
  return low && high && { low, high };
}

/** The extremes of doubles, none of which is NaN; a zero stands for both zeros, as the format asks. */
export function extremesOfDoubles(values: Float64Array): Extremes {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const bytesOf = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);
  return { low: bytesOf(low === 0 ? -0 : low), high: bytesOf(high === 0 ? 0 : high) };
}

/** In which order pages come by their extremes, those without any left out. */
export function boundaryOrder(pages: readonly (Extremes | undefined)[], type: ValueType): number {
  const compare = comparing(type);
  let [rises, falls] = [true, true];
  let before: Extremes | undefined;
  for (const page of pages) {
    if (!page) continue;
    if (before) {
      const [low, high] = [compare(before.low, page.low), compare(before.high, page.high)];
      rises &&= low <= 0 && high <= 0;
      falls &&= low >= 0 && high >= 0;
    }
    before = page;
  }
  return rises ? ORDER.ascending : falls ? ORDER.descending : ORDER.none;
}

/** Gives the extremes of texts of a page, when it is known which page each text was last met in. */
export class TextExtremes {
  /** The texts that were sorted, and their codes in order. */
  #sorted: { readonly count: number; readonly codes: readonly number[] } = { count: 0, codes: [] };

  /** The extremes of the texts that were met in page `page`. */
  of({ texts, seen }: Texts, page: number): Extremes | undefined {
    if (this.#sorted.count !== texts.length) {
      const codes = texts.map((_, code) => code).sort((a, b) => Buffer.compare(texts[a]!, texts[b]!));
      this.#sorted = { count: texts.length, codes };
    }
    const { codes } = this.#sorted;
    const low = codes.find((code) => seen[code] === page);
    const high = codes.findLast((code) => seen[code] === page);
    return low === undefined || high === undefined ? undefined : { low: texts[low]!, high: texts[high]! };
  }

  clear(): void {
    this.#sorted = { count: 0, codes: [] };
  }
}
