import type { Lane } from '../../decode/lanes.ts';
import type { Test } from './syntax.ts';

const WHOLE = BigInt(Number.MAX_SAFE_INTEGER);
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The range that a value must be in, both ends included; undefined means no bound. */
export interface Bounds {
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
}

/** The range that a column must be in. */
export interface ColumnRange extends Bounds {
  readonly column: string;
}

/** The range that a test requires, if it compares a column with a number. */
export function rangeOf(test: Test): ColumnRange | undefined {
  if (test.kind === 'in') {
    const [only] = test.numbers;
    if (test.numbers.length !== 1 || test.value.kind !== 'column') return undefined;
    return { column: test.value.column, low: only, high: only };
  }
  if (test.kind !== 'compare') return undefined;
  const { left, right } = test;
  if (right.kind === 'number' && left.kind === 'column') return { column: left.column, ...boundsOf(test) };
  if (left.kind === 'number' && right.kind === 'column') return { column: right.column, ...boundsOf(test) };
  return undefined;
}

/** The range of the other side, if one side of a comparison is a number. */
export function boundsOf({ operator, left, right }: Extract<Test, { kind: 'compare' }>): Bounds {
  const step = operator === '<' ? 1n : 0n;
  if (right.kind === 'number') {
    return { low: operator === '==' ? right.value : undefined, high: right.value - step };
  }
  if (left.kind === 'number') {
    return { low: left.value + step, high: operator === '==' ? left.value : undefined };
  }
  return { low: undefined, high: undefined };
}

/** The part of a range that the values of a lane can reach; undefined if they cannot. */
export function clamp(
  { low, high }: ColumnRange,
  lane: Lane,
): readonly [low: bigint, high: bigint] | undefined {
  const [least, most] = limits(lane);
  const from = low === undefined || low < least ? least : low;
  const to = high === undefined || high > most ? most : high;
  return from <= to ? [from, to] : undefined;
}

/** The smallest and the largest value that a lane can hold. */
function limits(lane: Lane): readonly [least: bigint, most: bigint] {
  switch (lane.kind) {
    case 'word':
      return [0n, MAX_UINT64];
    case 'optional':
      return lane.as === 'word' ? [0n, MAX_UINT64] : [MIN_INT64, MAX_INT64];
    case 'field':
    case 'count':
    case 'double':
      return [0n, WHOLE];
    case 'byte':
      return [0n, 254n];
    default:
      return [MIN_INT64, MAX_INT64];
  }
}
