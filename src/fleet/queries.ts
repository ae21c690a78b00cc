import { readdirSync, readFileSync } from 'node:fs';
import { UsageError } from '../core/errors.ts';

/** A value that a query can be given, as a comment of the query declares it. */
export interface QueryParameter {
  readonly name: string;
  /** A type that DuckDB and Spark both know. */
  readonly type: string;
  /** The text of its value; `null` for none. */
  readonly value: string;
  readonly help: string;
}

/** A ready query of the folder fleet/. Its comments are part of the text. */
export interface FleetQuery {
  readonly name: string;
  /** What it answers, in a few words. */
  readonly title: string;
  readonly parameters: readonly QueryParameter[];
  /** The columns that it reads of each table. */
  readonly reads: ReadonlyMap<string, readonly string[]>;
  readonly sql: string;
}

/** The folder of ready queries of this package, which is next to both src/ and dist/. */
const QUERIES: URL = new URL('../../fleet/', import.meta.url);

const PARAMETER =
  /^-- parameter (?<name>\w+) (?<type>int|bigint|double|string|date) (?<value>\S+): (?<help>.+)$/;
const READS = /^-- reads (?<table>\w+): (?<columns>[\w, ]+)$/;

/** All ready queries, by name. Throws UsageError if the package was installed without them. */
export function fleetQueries(root: URL = QUERIES): FleetQuery[] {
  const files = readdirSync(folderOf(root)).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file) => parseQuery(file.slice(0, -4), readFileSync(new URL(file, root), 'utf8')));
}

/** A ready query by its name. Throws UsageError, which lists the names, if there is none. */
export function fleetQuery(name: string, root: URL = QUERIES): FleetQuery {
  const queries = fleetQueries(root);
  const found = queries.find((query) => query.name === name);
  if (found) return found;
  throw new UsageError(
    `there is no query '${name}'; choose ${queries.map((query) => query.name).join(', ')}`,
  );
}

function folderOf(root: URL): URL {
  try {
    readdirSync(root);
  } catch {
    throw new UsageError(
      `the folder of ready queries, ${root.pathname}, is missing: install structpage again`,
    );
  }
  return root;
}

/** Reads the comments at the beginning of a query. */
export function parseQuery(name: string, sql: string): FleetQuery {
  const comments = sql.split('\n').filter((line) => line.startsWith('--'));
  const parameters = comments.flatMap((line) => {
    const { groups } = PARAMETER.exec(line) ?? {};
    return groups ? [groups as unknown as QueryParameter] : [];
  });
  const reads = comments.flatMap((line) => {
    const { table, columns } = READS.exec(line)?.groups ?? {};
    return table === undefined ? [] : [[table, columns!.split(',').map((c) => c.trim())] as const];
  });
  return { name, title: (comments[0] ?? '').replace(/^--\s*/, ''), parameters, reads: new Map(reads), sql };
}

/**
 * The statement that gives a query its parameters: a view of one row, in words that DuckDB and Spark both take. Throws
 * UsageError for a parameter that the query does not have, and for a value of another type.
 */
export function parametersStatement(
  { name, parameters }: Pick<FleetQuery, 'name' | 'parameters'>,
  values: ReadonlyMap<string, string>,
): string {
  for (const given of values.keys()) {
    if (parameters.some((p) => p.name === given)) continue;
    const known = parameters.map((p) => p.name).join(', ');
    throw new UsageError(
      `${name} has no parameter '${given}'${known === '' ? '; it takes none' : `; it has ${known}`}`,
    );
  }
  const columns = parameters.map(
    (parameter) => `${literal(parameter, values.get(parameter.name))} as ${parameter.name}`,
  );
  const list = columns.length === 0 ? '1 as nothing' : columns.join(', ');
  return `create or replace temporary view parameters as select ${list}`;
}

const VALUES: Readonly<Record<string, readonly [pattern: RegExp, expected: string]>> = {
  int: [/^-?\d{1,9}$/, 'a whole number'],
  bigint: [/^-?\d{1,18}$/, 'a whole number'],
  double: [/^-?\d+(\.\d+)?$/, 'a number such as 0.25'],
  date: [/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a date such as 2026-11-21'],
  // other characters are escaped in different ways
  string: [/^[\w .:/%@-]*$/, 'letters, digits, spaces and .:/%@_-'],
};

function literal({ name, type, value }: QueryParameter, given: string | undefined): string {
  const text = given ?? value;
  if (text === 'null') return `cast(null as ${type})`;
  const [pattern, expected] = VALUES[type]!;
  if (!pattern.test(text)) {
    throw new UsageError(`the parameter ${name} takes ${expected}, not '${text}'`);
  }
  return type === 'string' || type === 'date' ? `cast('${text}' as ${type})` : `cast(${text} as ${type})`;
}
