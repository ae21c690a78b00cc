import type { ByteSource } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import type { Column } from '../table/column.ts';
import type { TableRows } from '../table/table.ts';
import { CsvLines } from './csv-lines.ts';
import { identityOfFacts } from './export-identity.ts';
import { NameCodes } from './name-codes.ts';
import type { Stop } from './stop.ts';

const ROWS = 16384;
/** No line is longer than this: a file without line feeds is no CSV. */
const MOST_COLUMNS = 1000;

/** An export of pages to CSV as a stop. Its first line must name the columns. Throws FormatError for other files. */
export function stopOfCsv(name: string, source: ByteSource, delimiter: string): Stop {
  const columns = headOf(name, source, delimiter);
  return {
    name,
    identity: identityOfFacts(new Map()),
    pageBytes: pageBytesOf(source, delimiter, columns),
    columns,
    withoutClasses: columns.includes('class') ? undefined : 'the export has no column class',
    rows: (wanted) => rowsOf(name, new CsvLines(source, delimiter), columns, wanted),
  };
}

function headOf(name: string, source: ByteSource, delimiter: string): string[] {
  const lines = new CsvLines(source, delimiter);
  const count = Math.min(lines.next(), MOST_COLUMNS);
  const columns = Array.from({ length: count }, (_, i) => lines.text(i));
  if (columns.includes('pfn')) return columns;
  throw new FormatError({
    file: name,
    expected: "a CSV file of pages, as 'structpage export' writes it, whose first line has a column pfn",
    found: count === 0 ? 'nothing' : columns.slice(0, 5).join(', ').slice(0, 80),
  });
}

/** The page size, by the physical address of a page other than the first. */
function pageBytesOf(source: ByteSource, delimiter: string, columns: readonly string[]): number | undefined {
  const [pfnAt, physAt] = [columns.indexOf('pfn'), columns.indexOf('phys')];
  if (physAt < 0) return undefined;
  const lines = new CsvLines(source, delimiter);
  lines.next();
  for (let line = 0; line < 3 && lines.next() === columns.length; line++) {
    const size = Number(lines.text(physAt)) / lines.number(pfnAt);
    if (Number.isInteger(Math.log2(size)) && size >= 4096) return size;
  }
  return undefined;
}

/** Cells of one column, by the bytes of their last row. */
interface Reading {
  readonly at: number;
  readonly names: NameCodes;
  last: Uint8Array;
  code: number;
}

function* rowsOf(
  name: string,
  lines: CsvLines,
  columns: readonly string[],
  wanted: readonly string[],
): Generator<TableRows> {
  lines.next();
  const pfnAt = columns.indexOf('pfn');
  const readings = wanted.map(
    (column): Reading => ({
      at: columns.indexOf(column),
      names: new NameCodes(),
      last: new Uint8Array(0),
      code: 0,
    }),
  );
  const all = Uint32Array.from({ length: ROWS }, (_, i) => i);
  for (let line = 2; ; ) {
    const pfns = new Float64Array(ROWS);
    const codes = readings.map(() => new Uint32Array(ROWS));
    let count = 0;
    for (; count < ROWS; count++, line++) {
      const cells = lines.next();
      if (cells === 0) break;
      const pfn = cells === columns.length ? lines.number(pfnAt) : -1;
      if (pfn < 0) throw wrongLine(name, line, cells === columns.length);
      pfns[count] = pfn;
      for (const [i, reading] of readings.entries()) {
        if (!lines.equals(reading.at, reading.last)) {
          reading.last = lines.bytes(reading.at);
          reading.code = reading.names.code(lines.text(reading.at));
        }
        codes[i]![count] = reading.code;
      }
    }
    if (count === 0) return;
    const batch = new Map<string, Column>([['pfn', { kind: 'number', values: pfns }]]);
    for (const [i, { names }] of readings.entries()) batch.set(wanted[i]!, names.column(codes[i]!));
    yield { batch: { count, columns: batch }, rows: all.subarray(0, count) };
  }
}

function wrongLine(name: string, line: number, isWhole: boolean): FormatError {
  return new FormatError({
    file: name,
    expected: isWhole ? 'a pfn' : 'as many cells as the first line has',
    found: `something else in line ${line}`,
    advice: 'Export the pages anew',
  });
}
