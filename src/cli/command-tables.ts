import type { Command } from 'commander';
import type { ColumnSpec } from '../index.ts';

/** The columns of a table, of which `--columns` selects some. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
}

const TABLES = new WeakMap<Command, () => readonly TableShape[]>();

/** Records the tables that a command prints; what they are is asked only by those who describe the command. */
export function setTables(command: Command, tables: () => readonly TableShape[]): void {
  TABLES.set(command, tables);
}

/** The tables that a command prints. */
export function tablesOf(command: Command): readonly TableShape[] {
  return TABLES.get(command)?.() ?? [];
}
