import type { Command } from 'commander';
import {
  EXPORTERS,
  type Inspector,
  openTable,
  selectFrom,
  type Table,
  type TableDefinition,
  writeTable,
} from '../index.ts';
import { addExporterOptions, exporterNamed, exporterOptionsOf } from './exporter-options.ts';
import type { Outcome } from './open.ts';
import { addColumns, addRows, columnsFor, type SelectOptions } from './options.ts';
import { refuseTerminal, say, stdoutData, streamOptions } from './output.ts';

/** Options of every command that prints a table other than that of the pages. */
export interface TableOptions extends Pick<SelectOptions, 'columns' | 'where' | 'limit'> {
  format: string;
}

/** Adds the options that choose the rows, columns and format of a table. */
export function addTable(command: Command): Command {
  const formats = EXPORTERS.map((e) => e.name);
  command.option('--format <name>', `one of ${formats.join(', ')}`, 'table');
  return addColumns(addRows(addExporterOptions(command, EXPORTERS)));
}

/** Prints a table of an open image to standard output. Reports what cannot be read, which is not a success. */
export async function printTable(
  inspector: Inspector,
  definition: TableDefinition,
  options: TableOptions,
  outcome: Outcome,
): Promise<void> {
  refuseTerminal(exporterNamed(options.format));
  const table = openTable(inspector, definition, (sentence) => {
    say(sentence);
    outcome.code = 3;
  });
  await printRows(table, options);
}

/** Prints the rows of a table that the options select to standard output. */
export async function printRows(table: Table, options: TableOptions): Promise<void> {
  const exporter = exporterNamed(options.format);
  refuseTerminal(exporter);
  const { columns, where, limit } = options;
  const names = table.columns.map((c) => c.name);
  const selected = selectFrom(table, {
    columns: columnsFor(columns, names, names),
    ...(where === undefined ? {} : { where }),
    ...(limit === undefined ? {} : { limit }),
  });
  const given = exporterOptionsOf(exporter, options as unknown as Record<string, unknown>);
  const width = process.stdout.isTTY && exporter.name === 'table' ? { width: process.stdout.columns } : {};
  await writeTable(selected, exporter, { ...given, ...width, ...streamOptions(exporter) }, stdoutData);
}
