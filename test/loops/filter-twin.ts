import { type ColumnName, pageColumn } from '../../src/decode/columns/registry.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import type { Column } from '../../src/table/column.ts';
import { columnsOf, type Expression, type Test, type Value } from '../../src/views/expression/syntax.ts';

/** What a cell holds; undefined is empty. */
type Cell = bigint | string | ReadonlySet<string> | undefined;
/** Undefined where the struct page would have to say, and could not be read. */
type Answer = boolean | undefined;

/** Which pages of a batch an expression holds for: 1 or 0 for each. One page at a time, by three-valued logic. */
export function evaluate(expression: Expression, batch: ColumnBatch): Uint8Array {
  return Uint8Array.from({ length: batch.count }, (_, page) =>
    Number(answer(expression, batch, page) === true),
  );
}

function answer(expression: Expression, batch: ColumnBatch, page: number): Answer {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const decisive = expression.kind === 'or';
      const answers = expression.terms.map((term) => answer(term, batch, page));
      if (answers.includes(decisive)) return decisive;
      return answers.includes(undefined) ? undefined : !decisive;
    }
    case 'not': {
      const operand = answer(expression.operand, batch, page);
      return operand === undefined ? undefined : !operand;
    }
    default: {
      const isKnown = columnsOf(expression).every((name) => pageColumn(name as ColumnName).ofPlace);
      return isKnown || batch.states[page] === 0
        ? holds(expression, (name) => cell(batch.columns.get(name as ColumnName)!, page))
        : undefined;
    }
  }
}

function holds(test: Test, of: (column: string) => Cell): boolean {
  switch (test.kind) {
    case 'compare': {
      const left = number(test.left, of);
      const right = number(test.right, of);
      if (test.operator === '==') return left === right;
      if (left === undefined || right === undefined) return false;
      return test.operator === '<' ? left < right : left <= right;
    }
    case 'nonzero': {
      const value = number(test.value, of);
      return value !== undefined && value !== 0n;
    }
    case 'in': {
      const value = number(test.value, of);
      return test.numbers.some((n) => n === value);
    }
    case 'named': {
      const name = (of(test.column) as string | undefined) ?? '';
      return test.names.some((n) => n.toLowerCase() === name.toLowerCase() || `?${n}` === name);
    }
    case 'pattern': {
      const name = of(test.column) as string | undefined;
      if (name === undefined) return false;
      const source =
        test.operator === '=~'
          ? test.pattern
          : `^${test.pattern.replace(/[.+]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`;
      return new RegExp(source, 'i').test(name);
    }
    case 'holds': {
      const elements = ((of(test.column) as string | undefined) ?? '').toLowerCase().split(test.parts);
      const isIn = (n: string): boolean => elements.includes(n.toLowerCase());
      return test.how === 'all' ? test.names.every(isIn) : test.names.some(isIn);
    }
    case 'has': {
      const set = (of(test.column) as ReadonlySet<string> | undefined) ?? new Set();
      return test.how === 'all' ? test.names.every((n) => set.has(n)) : test.names.some((n) => set.has(n));
    }
    case 'empty':
      return (test.value.kind === 'column' ? of(test.value.column) : number(test.value, of)) === undefined;
  }
}

function number(value: Value, of: (column: string) => Cell): bigint | undefined {
  if (value.kind === 'number') return value.value;
  if (value.kind === 'column') return of(value.column) as bigint | undefined;
  const a = number(value.kind === 'unary' ? value.operand : value.left, of);
  if (a === undefined) return undefined;
  if (value.kind === 'unary') return value.operator === '-' ? -a : -a - 1n;
  const b = number(value.right, of);
  if (b === undefined) return undefined;
  switch (value.operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? undefined : a / b;
    case '%':
      return b === 0n ? undefined : a - (a / b) * b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return b < 0n || b > 63n ? undefined : a * 2n ** b;
    case '>>':
      return b < 0n || b > 63n ? undefined : (a - (((a % 2n ** b) + 2n ** b) % 2n ** b)) / 2n ** b;
  }
}

function cell(column: Column, page: number): Cell {
  switch (column.kind) {
    case 'number':
      return column.empty?.[page] ? undefined : BigInt(column.values[page]!);
    case 'word':
      return column.empty?.[page]
        ? undefined
        : (BigInt(column.high[page]!) << 32n) + BigInt(column.low[page]!);
    case 'name':
      return (column.names[column.codes[page]!] ?? `?${column.codes[page]}`) || undefined;
    case 'set': {
      const bits = (BigInt(column.high[page]!) << 32n) + BigInt(column.low[page]!);
      const names = column.names.filter((_, i) => (bits >> BigInt(i)) & 1n);
      return names.length === 0 ? undefined : new Set(names);
    }
  }
}
