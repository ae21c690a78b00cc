import { type Column, nameOf } from '../../table/column.ts';
import { calculate } from './arithmetic.ts';
import { nameTest } from './name-test.ts';
import type { Expression, Value } from './syntax.ts';

/** Whether a condition holds for a row. */
export type RowTest = (row: number) => boolean;

/** The value of a row; undefined means empty. */
type RowValue = (row: number) => bigint | undefined;

/**
 * Compiles an expression over columns in arrays to a test of rows. For tables of moderate size; pages use loops (see
 * Filter). Flags that the column lacks are not set in any row.
 */
export function rowTest(expression: Expression, column: (name: string) => Column): RowTest {
  switch (expression.kind) {
    case 'and': {
      const terms = expression.terms.map((term) => rowTest(term, column));
      return (row) => terms.every((term) => term(row));
    }
    case 'or': {
      const terms = expression.terms.map((term) => rowTest(term, column));
      return (row) => terms.some((term) => term(row));
    }
    case 'not': {
      const operand = rowTest(expression.operand, column);
      return (row) => !operand(row);
    }
    case 'compare': {
      const left = cellsOf(expression.left, column);
      const right = cellsOf(expression.right, column);
      if (expression.operator === '==') return (row) => left(row) === right(row);
      const isStrict = expression.operator === '<';
      return (row) => {
        const a = left(row);
        const b = right(row);
        return a !== undefined && b !== undefined && (isStrict ? a < b : a <= b);
      };
    }
    case 'nonzero': {
      const value = cellsOf(expression.value, column);
      return (row) => {
        const number = value(row);
        return number !== undefined && number !== 0n;
      };
    }
    case 'in': {
      const value = cellsOf(expression.value, column);
      const numbers = new Set<bigint | undefined>(expression.numbers);
      return (row) => numbers.has(value(row));
    }
    case 'named':
    case 'pattern':
    case 'holds':
      return byName(column(expression.column), nameTest(expression));
    case 'has':
      return bySet(column(expression.column), expression.names, expression.how);
    case 'empty': {
      const { value } = expression;
      if (value.kind === 'column') return isEmpty(column(value.column));
      const number = cellsOf(value, column);
      return (row) => number(row) === undefined;
    }
  }
}

function cellsOf(value: Value, column: (name: string) => Column): RowValue {
  switch (value.kind) {
    case 'number':
      return () => value.value;
    case 'column':
      return ofColumn(column(value.column));
    case 'unary': {
      const operand = cellsOf(value.operand, column);
      const isMinus = value.operator === '-';
      return (row) => {
        const number = operand(row);
        return number === undefined ? undefined : isMinus ? -number : ~number;
      };
    }
    case 'binary': {
      const left = cellsOf(value.left, column);
      const right = cellsOf(value.right, column);
      const { operator } = value;
      return (row) => {
        const a = left(row);
        const b = right(row);
        return a === undefined || b === undefined ? undefined : calculate(operator, a, b);
      };
    }
  }
}

function ofColumn(column: Column): RowValue {
  switch (column.kind) {
    case 'number': {
      const { values, empty } = column;
      return (row) => (empty?.[row] ? undefined : BigInt(values[row]!));
    }
    case 'word': {
      const { low, high, empty } = column;
      return (row) => (empty?.[row] ? undefined : (BigInt(high[row]!) << 32n) | BigInt(low[row]!));
    }
    default:
      throw new TypeError('names are no numbers');
  }
}

/** Each name is tested once, however many rows have it. */
function byName(column: Column, holds: (name: string) => boolean): RowTest {
  if (column.kind !== 'name') throw new TypeError('the column has no names');
  const { codes, names, empty } = column;
  const known: boolean[] = [];
  const unnamed = holds('');
  return (row) => {
    if (empty?.[row]) return unnamed;
    const code = codes[row]!;
    known[code] ??= holds(nameOf(names, code));
    return known[code];
  };
}

function bySet(column: Column, names: readonly string[], how: 'all' | 'any'): RowTest {
  if (column.kind !== 'set') throw new TypeError('the column has no sets of names');
  let mask = 0n;
  let isMissing = false;
  for (const name of names) {
    const bit = column.names.indexOf(name);
    if (bit < 0) isMissing = true;
    else mask |= 1n << BigInt(bit);
  }
  if (how === 'all' && isMissing) return () => false;
  const low = Number(mask & 0xffffffffn) | 0;
  const high = Number(mask >> 32n) | 0;
  return how === 'all'
    ? (row) => (column.low[row]! & low) === low && (column.high[row]! & high) === high
    : (row) => (column.low[row]! & low) !== 0 || (column.high[row]! & high) !== 0;
}

function isEmpty(column: Column): RowTest {
  switch (column.kind) {
    case 'name':
      return (row) => column.empty?.[row] === 1 || column.names[column.codes[row]!] === '';
    case 'set':
      return (row) => column.empty?.[row] === 1 || (column.low[row] === 0 && column.high[row] === 0);
    default:
      return (row) => column.empty?.[row] === 1;
  }
}
