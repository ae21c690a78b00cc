import { UsageError } from '../../src/core/errors.ts';
import { pageColumn } from '../../src/decode/columns/registry.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import type { Column } from '../../src/table/column.ts';
import type { Comparison, Expression, Literal } from '../../src/views/expression/parse.ts';

type Test = (page: number) => boolean;

/**
 * Which pages of a batch an expression holds for: 1 or 0 for each. An empty value is never equal to anything. What a struct
 * page would say that could not be read is empty.
 */
export function evaluate(expression: Expression, batch: ColumnBatch): Uint8Array {
  const test = compile(expression, batch);
  const out = new Uint8Array(batch.count);
  for (let i = 0; i < batch.count; i++) if (test(i)) out[i] = 1;
  return out;
}

function compile(expression: Expression, batch: ColumnBatch): Test {
  switch (expression.kind) {
    case 'and': {
      const left = compile(expression.left, batch);
      const right = compile(expression.right, batch);
      return (i) => left(i) && right(i);
    }
    case 'or': {
      const left = compile(expression.left, batch);
      const right = compile(expression.right, batch);
      return (i) => left(i) || right(i);
    }
    case 'not': {
      const operand = compile(expression.operand, batch);
      return (i) => !operand(i);
    }
    default:
      break;
  }
  const test = ofColumn(expression, batch.columns.get(expression.column)!);
  if (pageColumn(expression.column).ofPlace) return test;
  const { states } = batch;
  const isEmpty = expression.kind === 'empty';
  return (i) => (states[i] === 0 ? test(i) : isEmpty);
}

function ofColumn(expression: Exclude<Expression, { kind: 'and' | 'or' | 'not' }>, column: Column): Test {
  switch (expression.kind) {
    case 'compare':
      return compare(column, expression.operator, expression.literal);
    case 'in': {
      const tests = expression.literals.map((l) => compare(column, '==', l));
      return (i) => tests.some((t) => t(i));
    }
    case 'has':
      return has(column, expression.names);
    case 'empty':
      return isEmpty(column);
  }
}

function compare(column: Column, operator: Comparison, literal: Literal): Test {
  if (column.kind === 'name') {
    const wanted = literal.kind === 'text' ? literal.value : String(literal.value);
    const code = column.names.findIndex((n) => n.toLowerCase() === wanted.toLowerCase());
    const { codes } = column;
    // names are added while pages are read (slab caches), so one that is not there is compared by code -1
    return operator === '!=' ? (i) => codes[i] !== code : (i) => codes[i] === code;
  }
  if (column.kind === 'set' || literal.kind !== 'number') return () => false;
  if (column.kind === 'word') {
    const { low, high } = column;
    const value = BigInt.asUintN(64, literal.value);
    const l = Number(value & 0xffffffffn);
    const h = Number(value >> 32n);
    const order: Test = guard(
      column.empty,
      byOrder(operator, (i) => high[i]! - h || low[i]! - l),
    );
    return order;
  }
  const { values } = column;
  const value = Number(literal.value);
  return guard(
    column.empty,
    byOrder(operator, (i) => values[i]! - value),
  );
}

function guard(empty: Uint8Array | undefined, test: Test): Test {
  return empty ? (i) => empty[i] === 0 && test(i) : test;
}

function byOrder(operator: Comparison, difference: (page: number) => number): Test {
  switch (operator) {
    case '==':
      return (i) => difference(i) === 0;
    case '!=':
      return (i) => difference(i) !== 0;
    case '<':
      return (i) => difference(i) < 0;
    case '<=':
      return (i) => difference(i) <= 0;
    case '>':
      return (i) => difference(i) > 0;
    case '>=':
      return (i) => difference(i) >= 0;
  }
}

function has(column: Column, names: readonly string[]): Test {
  if (column.kind !== 'set') return () => false;
  let low = 0;
  let high = 0;
  for (const name of names) {
    const bit = column.names.indexOf(name);
    if (bit < 0) {
      throw new UsageError(
        `in --where: this kernel has no flag '${name}'; it has ${column.names.join(', ')}`,
      );
    }
    if (bit < 32) low |= 1 << bit;
    else high |= 1 << (bit - 32);
  }
  return (i) => (column.low[i]! & low) === low && (column.high[i]! & high) === high;
}

function isEmpty(column: Column): Test {
  switch (column.kind) {
    case 'name':
      return (i) => column.names[column.codes[i]!] === '';
    case 'set':
      return (i) => column.low[i] === 0 && column.high[i] === 0;
    default:
      return (i) => column.empty?.[i] === 1;
  }
}
