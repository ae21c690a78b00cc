import { type Command, Option } from 'commander';
import {
  EXPORTERS,
  type Exporter,
  type Inspector,
  openTable,
  selectFrom,
  type Table,
  type TableDefinition,
  UsageError,
  writeTable,
} from '../index.ts';
import { setTables, type TableShape } from './command-tables.ts';
import { hasOption } from './command-tree.ts';
import { addExporterOptions, exporterNamed, exporterOptionsOf } from './exporter-options.ts';
import type { Outcome } from './open.ts';
import { addColumns, addRows, columnsFor, type SelectOptions } from './options.ts';
import { refuseTerminal, say, stdoutData, streamOptions, terminalWidth } from './output.ts';

/** Options of every command that prints a table other than that of the pages. */
export interface TableOptions extends Pick<SelectOptions, 'columns' | 'where' | 'limit'> {
  format: string;
  json?: boolean;
}

/** Adds the options that choose the rows, columns and format of a table. `tables` returns the tables that the command prints. */
export function addTable(command: Command, tables: () => readonly TableShape[]): Command {
  setTables(command, tables);
  return addColumns(addRows(addExporterOptions(addFormat(command), EXPORTERS)));
}

/** Adds the options that select the format of rows. A command may have a --json of its own. */
export function addFormat(command: Command): Command {
  command.addOption(
    new Option('--format <name>', `output format: ${EXPORTERS.map((e) => e.name).join(', ')}`).default(
      'table',
    ),
  );
  return hasOption(command, 'json') ? command : command.option('--json', 'the same as --format json');
}

/** The exporter that the options select. Throws UsageError for an unknown format, and for two. */
export function chosenExporter({ format, json }: Pick<TableOptions, 'format' | 'json'>): Exporter {
  if (!json) return exporterNamed(format);
  if (format === 'table' || format === 'json') return exporterNamed('json');
  throw new UsageError(`--json and --format ${format} cannot be combined`);
}

/** Prints a table of an open image to standard output. Reports what cannot be read, which is not a success. */
export async function printTable(
  inspector: Inspector,
  definition: TableDefinition,
  options: TableOptions,
  outcome: Outcome,
): Promise<void> {
  refuseTerminal(chosenExporter(options));
  const table = openTable(inspector, definition, (sentence) => {
    say(sentence);
    outcome.code = 3;
  });
  await printRows(table, options);
}

/** Prints the rows of a table that the options select to standard output. */
export async function printRows(table: Table, options: TableOptions): Promise<void> {
  const exporter = chosenExporter(options);
  refuseTerminal(exporter);
  const { columns, where, limit } = options;
  const names = table.columns.map((c) => c.name);
  const selected = selectFrom(table, {
    columns: columnsFor(columns, names, names),
    ...(where === undefined ? {} : { where }),
    ...(limit === undefined ? {} : { limit }),
  });
  const given = exporterOptionsOf(exporter, options as unknown as Record<string, unknown>);
  const width = exporter.name === 'table' ? terminalWidth() : {};
  await writeTable(selected, exporter, { ...given, ...width, ...streamOptions(exporter) }, stdoutData);
}
