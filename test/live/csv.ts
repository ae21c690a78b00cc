import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { COLUMNS } from '../../src/index.ts';
import { structpage } from '../cli/run.ts';

/** What a dump gave: the CSV of all columns as a digest, how many of its rows could be read, and what the command said. */
export interface Rows {
  readonly digest: string;
  readonly readable: number;
  readonly code: number | null;
  readonly err: string;
}

/** Exports all columns of a dump, by a file in `folder`. */
export function csvOf(folder: string, dump: readonly string[], ...options: string[]): Rows {
  const path = join(folder, 'pages.csv');
  const columns = COLUMNS.map((column) => column.name).join(',');
  const { code, err } = structpage('export', ...dump, ...options, '-o', path, '--columns', columns);
  // a command that fails writes nothing
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  rmSync(path, { force: true });
  const readable = bytes.toString('latin1').match(/,ok$/gm)?.length ?? 0;
  return { digest: createHash('sha256').update(bytes).digest('hex'), readable, code, err };
}
