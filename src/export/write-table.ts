import { styledTexts } from '../table/cells.ts';
import { dense } from '../table/dense.ts';
import type { RowStyle } from '../table/row-style.ts';
import type { Table, TableBatch } from '../table/table.ts';
import type { Exporter, Sink, TextFormat } from './exporter.ts';
import { checkOptions, type OptionValues } from './options.ts';

/** Number of characters passed on at a time. */
const CHUNK = 1 << 16;
const encoder = new TextEncoder();

/** Writes all rows of a table to `sink`, and returns their number; `note` takes remarks for the user. Throws UsageError for options that the exporter does not have. */
export async function writeTable(
  table: Table,
  exporter: Exporter,
  options: OptionValues,
  sink: Sink,
  note?: (text: string) => void,
): Promise<number> {
  const plan = exporter.plan(table.columns, checkOptions(exporter, options));
  let count = 0;
  const counted = (rows: number): void => {
    count += rows;
  };
  switch (plan.kind) {
    case 'rows':
      await plan.write(
        watched(table.rows(), ({ rows }) => counted(rows.length)),
        sink,
        note,
      );
      break;
    case 'chunk': {
      const batches = watched(table.chunks?.() ?? chunksOf(table), (batch) => counted(batch.count));
      await plan.write(batches, sink, table.about ?? (() => []));
      break;
    }
    case 'text':
      await writeText(table, plan, sink, counted);
  }
  return count;
}

async function* watched<T>(items: AsyncIterable<T> | Iterable<T>, see: (item: T) => void): AsyncGenerator<T> {
  for await (const item of items) {
    see(item);
    yield item;
  }
}

async function* chunksOf(table: Table): AsyncGenerator<TableBatch> {
  for await (const rows of table.rows()) if (rows.rows.length > 0) yield dense(rows);
}

async function writeText(
  table: Table,
  format: TextFormat,
  sink: Sink,
  counted: (rows: number) => void,
): Promise<void> {
  const { style, head, foot, emptyFoot, separator } = format;
  let any = false;
  if (head !== '') await sink(head);
  for await (const bytes of table.texts?.(style, counted) ?? textsOf(table, style, counted)) {
    // the separator is written once the next row has come
    if (any && separator > 0) await sink(style.end.slice(-separator));
    await sink(separator > 0 ? bytes.subarray(0, bytes.length - separator) : bytes);
    any = true;
  }
  const last = any ? foot : emptyFoot;
  if (last !== '') await sink(last);
}

/** The rows as text, for tables with few rows; for pages the loops write it. */
export async function* textsOf(
  table: Table,
  style: RowStyle,
  counted: (rows: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const names = table.columns.map((c) => c.name);
  for await (const { batch, rows } of table.rows()) {
    const cells = styledTexts(batch, names, style);
    counted(rows.length);
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
