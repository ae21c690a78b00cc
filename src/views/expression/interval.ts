import { UsageError } from '../../core/errors.ts';
import { printValue } from './print.ts';
import { type BinaryOperator, type Test, type Value, valuesOf } from './syntax.ts';

/** The bounds of a value, as whole numbers: both ends included. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

const LEAST = -(1n << 127n);
const MOST = (1n << 127n) - 1n;
const SIGNED_64: Interval = { low: -(1n << 63n), high: (1n << 63n) - 1n };
const UNSIGNED_64: Interval = { low: 0n, high: (1n << 64n) - 1n };

/** How a value is stored: as a signed or unsigned 64-bit word, or as a signed 128-bit word. */
export type Width = 'signed' | 'unsigned' | 'wide';

/** The narrowest storage for every number of an interval. */
export function widthOf(interval: Interval): Width {
  if (within(interval, SIGNED_64)) return 'signed';
  return within(interval, UNSIGNED_64) ? 'unsigned' : 'wide';
}

/**
 * The bounds of a value, from the bounds of its columns. Throws UsageError for a calculation whose result may need more
 * than 128 bits, or a division of a number that may need more than 64.
 */
export function intervalOf(value: Value, column: (name: string) => Interval): Interval {
  switch (value.kind) {
    case 'number':
      return { low: value.value, high: value.value };
    case 'column':
      return column(value.column);
    case 'unary': {
      const { low, high } = intervalOf(value.operand, column);
      const result = value.operator === '-' ? { low: -high, high: -low } : { low: ~high, high: ~low };
      return checked(result, value);
    }
    case 'binary': {
      const left = intervalOf(value.left, column);
      const right = intervalOf(value.right, column);
      if (/[/%]/.test(value.operator) && [left, right].some((side) => widthOf(side) === 'wide')) {
        throw new UsageError(`in --where: '${printValue(value)}' divides what may need more than 64 bits`);
      }
      return checked(combined(value.operator, left, right), value);
    }
  }
}

/** Throws UsageError for a test whose calculations may need too many bits. */
export function checkWidths(test: Test, column: (name: string) => Interval): void {
  for (const value of valuesOf(test)) if (value.kind !== 'column') intervalOf(value, column);
}

function combined(operator: BinaryOperator, left: Interval, right: Interval): Interval {
  switch (operator) {
    case '+':
      return { low: left.low + right.low, high: left.high + right.high };
    case '-':
      return { low: left.low - right.high, high: left.high - right.low };
    case '*':
      return hull(corners(left, right, (a, b) => a * b));
    case '/': {
      const most = greatest(left);
      return { low: left.low >= 0n && right.low >= 0n ? 0n : -most, high: most };
    }
    case '%': {
      const most = min(greatest(left), max(greatest(right) - 1n, 0n));
      return { low: left.low < 0n ? -most : 0n, high: left.high > 0n ? most : 0n };
    }
    case '&':
      if (left.low >= 0n && right.low >= 0n) return { low: 0n, high: min(left.high, right.high) };
      if (left.low >= 0n) return { low: 0n, high: left.high };
      if (right.low >= 0n) return { low: 0n, high: right.high };
      return powers(left, right);
    case '|':
    case '^':
      return powers(left, right);
    case '<<':
      return hull(corners(left, shift(right), (a, b) => a << b));
    case '>>':
      return hull(corners(left, shift(right), (a, b) => a >> b));
  }
}

/** The numbers that have no more bits than those of both intervals. */
function powers(left: Interval, right: Interval): Interval {
  const bits = [left, right].map(({ low, high }) => max(bitLength(low), bitLength(high)));
  const most = 1n << max(bits[0]!, bits[1]!);
  return { low: left.low < 0n || right.low < 0n ? -most : 0n, high: most - 1n };
}

/** Number of bits of a number in two's complement, without its sign. */
function bitLength(value: bigint): bigint {
  const bits = value < 0n ? ~value : value;
  return bits === 0n ? 0n : BigInt(bits.toString(2).length);
}

function shift({ low, high }: Interval): Interval {
  return { low: min(max(low, 0n), 63n), high: max(min(high, 63n), 0n) };
}

function corners(a: Interval, b: Interval, of: (a: bigint, b: bigint) => bigint): bigint[] {
  return [of(a.low, b.low), of(a.low, b.high), of(a.high, b.low), of(a.high, b.high)];
}

/** The smallest interval that contains the numbers. */
export function hull(values: readonly bigint[]): Interval {
  return { low: values.reduce(min), high: values.reduce(max) };
}

function greatest({ low, high }: Interval): bigint {
  return max(low < 0n ? -low : low, high < 0n ? -high : high);
}

function within(inner: Interval, outer: Interval): boolean {
  return inner.low >= outer.low && inner.high <= outer.high;
}

function checked(interval: Interval, value: Value): Interval {
  if (within(interval, { low: LEAST, high: MOST })) return interval;
  throw new UsageError(`in --where: '${printValue(value)}' may need more than 128 bits`);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
