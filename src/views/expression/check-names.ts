import { UsageError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { columnSpec } from '../../decode/columns/registry.ts';
import { type Expression, testsOf } from './syntax.ts';

/** The names that a column can have, for columns whose names are known before any page is read. */
export type KnownNames = Readonly<Record<string, readonly string[]>>;

/** Messages list at most this many names. */
const LISTED = 64;

/** Throws UsageError for a name that no page can have. An empty result would suggest that no page has it. */
export function checkNames(expression: Expression, known: KnownNames): void {
  for (const test of testsOf(expression)) {
    if (test.kind !== 'named' && test.kind !== 'has') continue;
    for (const name of test.names) check(test.column, name, known);
  }
}

function check(column: string, name: string, known: KnownNames): void {
  const names = known[column];
  if (!names || name === '' || has(names, name)) return;
  const spec = columnSpec(column);
  if (spec?.unnamedByNumber && /^\??\d+$/.test(name)) return;
  throw new UsageError(
    `in --where: this kernel has no ${spec?.noun ?? column} '${name}'${hint(column, name, known)}`,
  );
}

function hint(column: string, name: string, known: KnownNames): string {
  const other = Object.keys(known).find((c) => has(known[c]!, name));
  if (other !== undefined) {
    return `; did you mean '${other} ${columnSpec(other)?.kind === 'set' ? 'has' : '=='} ${name}'?`;
  }
  const names = known[column]!.filter(Boolean);
  const near = nearest(name, names);
  if (near !== undefined) return `; did you mean '${near}'?`;
  return names.length > LISTED ? '' : `; it has ${names.join(', ')}`;
}

function has(names: readonly string[], wanted: string): boolean {
  return names.some((n) => n !== '' && n.toLowerCase() === wanted.toLowerCase());
}
