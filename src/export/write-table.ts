import { styledTexts } from '../table/cells.ts';
import { dense } from '../table/dense.ts';
import type { RowStyle } from '../table/row-style.ts';
import type { Table, TableBatch } from '../table/table.ts';
import type { Exporter, Sink, TextFormat } from './exporter.ts';
import { checkOptions, type OptionValues } from './options.ts';

/** Number of characters passed on at a time. */
const CHUNK = 1 << 16;
const encoder = new TextEncoder();

/** Writes all rows of a table to `sink`; `note` takes remarks for the user. Throws UsageError for options that the exporter does not have. */
export async function writeTable(
  table: Table,
  exporter: Exporter,
  options: OptionValues,
  sink: Sink,
  note?: (text: string) => void,
): Promise<void> {
  const plan = exporter.plan(table.columns, checkOptions(exporter, options));
  switch (plan.kind) {
    case 'rows':
      return plan.write(table.rows(), sink, note);
    case 'chunk':
      return plan.write(table.chunks?.() ?? chunksOf(table), sink, table.about ?? (() => []));
    case 'text':
      return writeText(table, plan, sink);
  }
}

async function* chunksOf(table: Table): AsyncGenerator<TableBatch> {
  for await (const rows of table.rows()) if (rows.rows.length > 0) yield dense(rows);
}

async function writeText(table: Table, format: TextFormat, sink: Sink): Promise<void> {
  const { style, head, foot, emptyFoot, separator } = format;
  let any = false;
  if (head !== '') await sink(head);
  for await (const bytes of table.texts?.(style) ?? textsOf(table, style)) {
    // the separator is written once the next row has come
    if (any && separator > 0) await sink(style.end.slice(-separator));
    await sink(separator > 0 ? bytes.subarray(0, bytes.length - separator) : bytes);
    any = true;
  }
  const last = any ? foot : emptyFoot;
  if (last !== '') await sink(last);
}

/** The rows as text, for tables with few rows; for pages the loops write it. */
export async function* textsOf(table: Table, style: RowStyle): AsyncGenerator<Uint8Array> {
  const names = table.columns.map((c) => c.name);
  for await (const { batch, rows } of table.rows()) {
    const cells = styledTexts(batch, names, style);
    let text = '';
    for (const row of rows) {
      for (let i = 0; i < cells.length; i++) text += style.before[i]! + cells[i]!(row);
      text += style.end;
      if (text.length > CHUNK) {
        yield encoder.encode(text);
        text = '';
      }
    }
    if (text !== '') yield encoder.encode(text);
  }
}
