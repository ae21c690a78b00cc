import { UsageError } from '../../core/errors.ts';
import { type ColumnName, columnSpec } from '../../decode/columns/registry.ts';
import type { Expression, Literal } from './parse.ts';

/** The names that a column can have, of those columns whose names are all known before a page is read. */
export type KnownNames = Partial<Record<ColumnName, readonly string[]>>;

/** Throws UsageError for a name that no page can have: no rows would say that there are no such pages. */
export function checkNames(expression: Expression, known: KnownNames): void {
  switch (expression.kind) {
    case 'and':
    case 'or':
      checkNames(expression.left, known);
      checkNames(expression.right, known);
      break;
    case 'not':
      checkNames(expression.operand, known);
      break;
    case 'compare':
      check(expression.column, expression.literal, known);
      break;
    case 'in':
      for (const literal of expression.literals) check(expression.column, literal, known);
      break;
    default:
  }
}

function check(column: ColumnName, literal: Literal, known: KnownNames): void {
  const names = known[column];
  if (!names || literal.kind !== 'text' || literal.value === '' || has(names, literal.value)) return;
  const spec = columnSpec(column);
  if (spec?.unnamedByNumber && /^\d+$/.test(literal.value)) return;
  const other = (Object.keys(known) as ColumnName[]).find((c) => has(known[c]!, literal.value));
  const hint = other === undefined ? '' : `; did you mean ${other} == ${literal.value}?`;
  throw new UsageError(
    `in --where: this kernel has no ${spec?.noun ?? column} '${literal.value}'; it has ${names.filter(Boolean).join(', ')}${hint}`,
  );
}

function has(names: readonly string[], wanted: string): boolean {
  return names.some((n) => n !== '' && n.toLowerCase() === wanted.toLowerCase());
}
