import type { Lane } from '../../decode/lanes.ts';
import type { Test, Value } from './syntax.ts';

const WHOLE = BigInt(Number.MAX_SAFE_INTEGER);
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Numbers that a column has to be within for a test to hold, both ends included; undefined is no bound. */
export interface ColumnRange {
  readonly column: string;
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
}

/** The range that a test asks for, if it compares a column with a number. */
export function rangeOf(test: Test): ColumnRange | undefined {
  if (test.kind === 'in') {
    const [only] = test.numbers;
    return test.numbers.length === 1 ? ofColumn(test.value, only, only) : undefined;
  }
  if (test.kind !== 'compare') return undefined;
  const { left, right, operator } = test;
  const step = operator === '<' ? 1n : 0n;
  if (right.kind === 'number') {
    return ofColumn(left, operator === '==' ? right.value : undefined, right.value - step);
  }
  if (left.kind === 'number') {
    return ofColumn(right, left.value + step, operator === '==' ? left.value : undefined);
  }
  return undefined;
}

function ofColumn(value: Value, low: bigint | undefined, high: bigint | undefined): ColumnRange | undefined {
  return value.kind === 'column' ? { column: value.column, low, high } : undefined;
}

/** The part of a range that the values of a lane can be in; undefined if none can. */
export function clamp(
  { low, high }: ColumnRange,
  lane: Lane,
): readonly [low: bigint, high: bigint] | undefined {
  const [least, most] = limits(lane);
  const from = low === undefined || low < least ? least : low;
  const to = high === undefined || high > most ? most : high;
  return from <= to ? [from, to] : undefined;
}

/** The least and the greatest value that a lane can hold. */
function limits(lane: Lane): readonly [least: bigint, most: bigint] {
  switch (lane.kind) {
    case 'word':
      return [0n, MAX_UINT64];
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
