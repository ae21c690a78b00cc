import type { LayoutDifference, LayoutEntry, PassedCheck } from '../../index.ts';
import { count, list, number, object, optional, record, type Shape, text, truth } from './shape.ts';

/** structpage export --json */
export interface ExportData {
  readonly file: string;
  readonly format: string;
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly structPages: Readonly<Record<string, number>>;
}

export const exported: Shape<ExportData> = object<ExportData>({
  file: text(),
  format: text(),
  rows: count(),
  bytes: count('Size of the file'),
  seconds: number('Duration'),
  structPages: record(count(), 'Struct pages read, by state'),
});

/** structpage map --json */
export interface MapData {
  readonly file: string;
  readonly format: string;
  readonly by: string;
  readonly pagesPerPixel: number;
  readonly legend: readonly { readonly label: string; readonly pages: number; readonly bytes: number }[];
  readonly notes: readonly string[];
}

export const map: Shape<MapData> = object<MapData>({
  file: text(),
  format: text(),
  by: text('What colours a page'),
  pagesPerPixel: count('1 in a page of HTML'),
  legend: list(object({ label: text(), pages: count(), bytes: count() }), 'What each colour means'),
  notes: list(text(), 'What is left out, or to be known about the map'),
});

/** structpage treemap --json */
export interface TreemapData {
  readonly file: string;
  readonly format: string;
  readonly by: readonly string[];
  readonly pages: number;
  readonly bytes: number;
  readonly groups: number;
}

export const treemap: Shape<TreemapData> = object<TreemapData>({
  file: text(),
  format: text('html or collapsed'),
  by: list(text(), 'Columns of pages, the outermost first'),
  pages: count(),
  bytes: count('Bytes of the pages'),
  groups: count('Different values of the columns'),
});

/** structpage capture --json */
export interface CaptureData {
  readonly file: string;
  readonly bytes: number;
  readonly segments: number;
}

export const captured: Shape<CaptureData> = object<CaptureData>({
  file: text(),
  bytes: count('Bytes of memory in it, before compression'),
  segments: count(),
});

/** structpage columns --json */
export interface ColumnData {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly byDefault: boolean;
}

export const columns: Shape<readonly ColumnData[]> = list(
  object<ColumnData>({
    name: text(),
    kind: text('number, word (64 bits), name or set (of names)'),
    help: text(),
    byDefault: truth('Whether it is there without --columns'),
  }),
);

/** structpage table --json: the tables. */
export interface TableData {
  readonly name: string;
  readonly help: string;
  readonly columns: readonly string[];
}

export const tables: Shape<readonly TableData[]> = list(
  object<TableData>({ name: text(), help: text(), columns: list(text()) }),
);

/** structpage layout list --json */
export const layoutList: Shape<readonly LayoutEntry[]> = list(
  object<LayoutEntry>({
    arch: text(),
    release: text(),
    buildId: text(),
    file: text('Path below layouts/'),
  }),
);

/** structpage layout diff --json */
export const layoutDiff: Shape<readonly LayoutDifference[]> = list(
  object<LayoutDifference>({
    what: text(),
    left: optional(text('Absent if the first layout does not have it')),
    right: optional(text('Absent if the second layout does not have it')),
  }),
);

/** structpage layout check --json */
export interface LayoutCheckData {
  readonly types: string;
  readonly checks: readonly PassedCheck[];
}

export const layoutCheck: Shape<LayoutCheckData> = object<LayoutCheckData>({
  types: text('The source of the types'),
  checks: list(object<PassedCheck>({ check: text(), evidence: text() }), 'The checks, all passed'),
});
