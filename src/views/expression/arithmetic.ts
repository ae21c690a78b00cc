import type { BinaryOperator } from './syntax.ts';

/** Shifts by more are empty: no word has more bits. */
const MOST_SHIFT = 63n;

/**
 * What an operator gives for two whole numbers, exactly; undefined (empty) for a division by zero and for a shift by a count
 * below 0 or above 63. Division rounds toward zero and a remainder has the sign of the dividend, as in C; the bit operators
 * work on two's complement without a last bit, so that -1 has all bits.
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
