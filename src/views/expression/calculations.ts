import { type ColumnName, pageColumn } from '../../decode/columns/registry.ts';
import type { Decoder } from '../../decode/decode.ts';
import type { Lane } from '../../decode/lanes.ts';
import { CONSTANTS, RECORDS } from '../../loops/abi.ts';
import type { Address } from '../../loops/loops.ts';
import { sizeOf } from '../../loops/records.ts';
import { type Interval, intervalOf, widthOf } from './interval.ts';
import { type CalculatedTest, Program } from './program.ts';
import { columnsOf, type Test } from './syntax.ts';

const WHOLE = BigInt(Number.MAX_SAFE_INTEGER);
const MAX_UINT64 = 2n ** 64n - 1n;

/** Steps in the memory of the loops, and the lanes that they belong to. */
interface Made {
  readonly lanes: readonly Lane[];
  readonly at: Address;
  readonly count: number;
}

/** Runs the tests of an expression that calculate, over the batches of a decoder. */
export class Calculations {
  readonly #decoder: Decoder;
  readonly #made: Map<Test, Made> = new Map();
  readonly #vectors: Address[] = [];

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** Makes the bitmap of the pages that pass a test; returns false if there are no steps for such a test. */
  run(test: CalculatedTest, to: Address): boolean {
    const { pages, count } = this.#decoder;
    if (this.#masked(test, to)) return true;
    if (test.kind === 'in' && widthOf(intervalOf(test.value, limitsOf)) === 'wide') return false;
    const lanes = columnsOf(test).map((column) => this.#decoder.lane(column as ColumnName));
    let made = this.#made.get(test);
    if (!made?.lanes.every((lane, i) => isSame(lane, lanes[i]!))) {
      made = this.#make(test, lanes);
      this.#made.set(test, made);
    }
    pages.loops.run.runSteps(made.at, made.count, count, to);
    return true;
  }

  /** A bit test of a word in the struct page is a single loop. */
  #masked(test: CalculatedTest, to: Address): boolean {
    const bits = bitTestOf(test);
    const lane = bits && this.#decoder.lane(bits.column as ColumnName);
    if (lane?.kind !== 'word') return false;
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    run.maskedEqual(lane.at, lane.stride, count, BigInt.asUintN(64, bits!.mask), bits!.value, to);
    if (test.kind === 'nonzero') run.notBits(to, count);
    return true;
  }

  #make(test: CalculatedTest, lanes: readonly Lane[]): Made {
    const { loops } = this.#decoder.pages;
    const columns = {
      interval: limitsOf,
      lane: (column: string) => this.#decoder.lane(column as ColumnName),
    };
    const vector = (index: number): Address => {
      this.#vectors[index] ??= loops.allocate(CONSTANTS.Vectors.bytes);
      return this.#vectors[index];
    };
    const { steps } = new Program(test, columns, vector, loops);
    const bytes = sizeOf(RECORDS.Step);
    const at = loops.allocate(steps.length * bytes);
    for (const [i, step] of steps.entries()) loops.write(at + i * bytes, RECORDS.Step, step);
    return { lanes, at, count: steps.length };
  }
}

/** The bounds of a column's numbers. */
export function limitsOf(column: string): Interval {
  const { kind } = pageColumn(column as ColumnName);
  return kind === 'word' ? { low: 0n, high: MAX_UINT64 } : { low: -WHOLE, high: WHOLE };
}

/** The column whose bits under a mask are tested, and the value that they must have or, for `nonzero`, must not have. */
function bitTestOf(test: CalculatedTest): { column: string; mask: bigint; value: bigint } | undefined {
  if (test.kind !== 'nonzero' && (test.kind !== 'compare' || test.operator !== '==')) return undefined;
  const value = test.kind === 'nonzero' ? test.value : test.left;
  const wanted = test.kind === 'nonzero' ? 0n : test.right.kind === 'number' ? test.right.value : -1n;
  if (value.kind !== 'binary' || value.operator !== '&' || wanted < 0n || wanted > MAX_UINT64)
    return undefined;
  const { left, right } = value;
  return left.kind === 'column' && right.kind === 'number'
    ? { column: left.column, mask: right.value, value: wanted }
    : undefined;
}

function isSame(a: Lane, b: Lane): boolean {
  const entries = Object.entries(a);
  return a === b || entries.every(([key, value]) => (b as Record<string, unknown>)[key] === value);
}
