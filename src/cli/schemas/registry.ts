import type { Command } from 'commander';
import { TABLES } from '../../index.ts';
import { type TableShape, tablesOf } from '../command-tables.ts';
import { commandsOf, hasOption, pathOf } from '../command-tree.ts';
import { commandTree } from './command.ts';
import { diff } from './diff.ts';
import {
  captured,
  columns,
  exported,
  layoutCheck,
  layoutDiff,
  layoutList,
  map,
  tables,
  treemap,
} from './files.ts';
import { info } from './info.ts';
import { doctor, page, translate } from './pages.ts';
import { PROC_SHAPES } from './proc.ts';
import { rowSchema } from './rows.ts';
import type { JsonSchema, Shape } from './shape.ts';
import { summary } from './summary.ts';
import { top, watch } from './top.ts';
import { verify } from './verify.ts';

/** What commands print with --json, if it is not rows of a table or not always. */
const SHAPES: Readonly<Record<string, Shape<unknown>>> = {
  info,
  summary,
  page,
  translate,
  doctor,
  verify,
  diff,
  top,
  watch,
  columns,
  table: tables,
  export: exported,
  map,
  treemap,
  capture: captured,
  help: commandTree,
  'layout list': layoutList,
  'layout diff': layoutDiff,
  'layout check': layoutCheck,
  sql: { schema: { type: 'array', items: { type: 'object' }, description: 'Rows of any columns' } },
  ...PROC_SHAPES,
};

/** Commands that write rows to a file, and print something else. */
const NO_ROWS: readonly string[] = ['export', 'summary'];
/** Commands that print a layout file, whose schema is layouts/schema.json. */
const LAYOUTS: readonly string[] = ['layout show', 'layout extract'];

/** The JSON Schemas of the package by their paths below schemas/. `layout` is the schema of layout files. */
export function schemaFiles(program: Command, layout: JsonSchema): Map<string, JsonSchema> {
  const commands = commandsOf(program).filter((command) => hasOption(command, 'json'));
  const files = new Map<string, JsonSchema>();
  const add = (name: string, title: string, description: string, schema: JsonSchema): void => {
    const head = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:structpage:schema:${name.replace('/', ':')}`,
    };
    files.set(`${name}.schema.json`, { ...head, title, description, ...schema });
  };
  for (const command of commands) {
    const path = pathOf(command);
    if (LAYOUTS.includes(path)) files.set(`${path.replace(' ', '-')}.schema.json`, layout);
    else add(path.replace(' ', '-'), `structpage ${path} --json`, command.description(), schemaOf(command));
  }
  const printed = commands.flatMap((command) => tablesOf(command));
  for (const table of distinct([...printed, ...TABLES])) {
    add(`rows/${table.name}`, table.name, `A row of the table ${table.name}`, rowSchema(table));
  }
  return files;
}

/** Tables by name. Throws TypeError if two have one name. */
function distinct(tables: readonly TableShape[]): Iterable<TableShape> {
  const byName = new Map<string, TableShape>();
  for (const table of tables) {
    const other = byName.get(table.name) ?? table;
    const [one, two] = [other, table].map(({ columns }) => columns.map((column) => column.name).join());
    if (one !== two) throw new TypeError(`two tables have the name ${table.name}`);
    byName.set(table.name, table);
  }
  return byName.values();
}

function schemaOf(command: Command): JsonSchema {
  const path = pathOf(command);
  const shape = SHAPES[path]?.schema;
  const rows = NO_ROWS.includes(path) ? [] : tablesOf(command);
  if (rows.length === 0) {
    if (shape === undefined) throw new TypeError(`the output of ${path} --json has no schema`);
    return shape;
  }
  const { $defs, ...list } = rowsSchema(rows);
  return { ...(shape === undefined ? list : { anyOf: [list, shape] }), $defs };
}

/** Rows of one of several tables. */
function rowsSchema(tables: readonly TableShape[]): JsonSchema {
  const lists = tables.map(({ name }) => ({ type: 'array', items: { $ref: `#/$defs/${name}` } }));
  return {
    ...(lists.length === 1 ? lists[0] : { anyOf: lists }),
    $defs: Object.fromEntries(tables.map((table) => [table.name, rowSchema(table)])),
  };
}
