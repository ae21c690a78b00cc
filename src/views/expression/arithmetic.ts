import type { BinaryOperator } from './syntax.ts';

/** Shifts by more are empty: no word has more bits. */
const MOST_SHIFT = 63n;

/**
 * Applies an operator to two whole numbers, exactly. The result is undefined (empty) for a division by zero and for a shift
 * by less than 0 or more than 63. Division rounds toward zero, and a remainder has the sign of the dividend, as in C. Bit
 * operators use two's complement of unlimited length, so that -1 has all bits.
 */
export function calculate(operator: BinaryOperator, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0n ? undefined : left / right;
    case '%':
      return right === 0n ? undefined : left % right;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '<<':
      return right < 0n || right > MOST_SHIFT ? undefined : left << right;
    case '>>':
      return right < 0n || right > MOST_SHIFT ? undefined : left >> right;
  }
}
