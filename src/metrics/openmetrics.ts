/** One value of a metric, with its labels. */
export interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric and all of its values. */
export interface MetricFamily {
  /** Without the suffix `_info` of the type info. */
  readonly name: string;
  readonly type: 'gauge' | 'info';
  /** The last part of the name, if the values have a unit. */
  readonly unit?: string;
  readonly help: string;
  readonly points: readonly Point[];
}

/** The content type of the text. */
export const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Writes metrics in the text format of OpenMetrics 1.0. */
export function openMetricsText(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, type, unit, help, points } of families) {
    lines.push(`# TYPE ${name} ${type}`);
    if (unit !== undefined) lines.push(`# UNIT ${name} ${unit}`);
    lines.push(`# HELP ${name} ${escaped(help)}`);
    const sample = type === 'info' ? `${name}_info` : name;
    for (const { labels, value } of points) lines.push(`${sample}${labelText(labels)} ${numberText(value)}`);
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

function labelText(labels: Point['labels']): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

/** Backslashes, quotation marks and line feeds are escaped; a lone surrogate is no text. */
function escaped(text: string): string {
  return text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
