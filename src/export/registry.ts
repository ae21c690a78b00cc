import { arrow } from './arrow.ts';
import { csv } from './csv.ts';
import type { Exporter } from './exporter.ts';
import { json, ndjson } from './json.ts';
import { parquet } from './parquet.ts';
import { table } from './table.ts';

/** Every output format. */
export const EXPORTERS: readonly Exporter[] = [table, csv, json, ndjson, parquet, arrow];

/** Finds an exporter by name. */
export function exporterOf(name: string): Exporter | undefined {
  return EXPORTERS.find((e) => e.name === name);
}
