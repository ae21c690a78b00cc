import { type ColumnName, pageColumn } from '../../src/decode/columns/registry.ts';
import type { Exporter } from '../../src/export/exporter.ts';
import { checkOptions, type OptionValues } from '../../src/export/options.ts';
import type { RowStyle } from '../../src/table/row-style.ts';

/** The style in which an exporter writes these columns. */
export function styleOf(
  exporter: Exporter,
  columns: readonly ColumnName[],
  options: OptionValues = {},
): RowStyle {
  const plan = exporter.plan(columns.map(pageColumn), checkOptions(exporter, options));
  if (plan.kind !== 'text') throw new Error(`${exporter.name} has no style`);
  return plan.style;
}
