import type { LiveSource, PageReport } from '../../index.ts';
import {
  count,
  hexadecimal,
  integer,
  list,
  nullable,
  object,
  optional,
  record,
  type Shape,
  text,
  truth,
} from './shape.ts';

/** structpage page --json: a page, and what was asked for. */
export interface PageData extends PageReport {
  readonly named: string;
}

export const page: Shape<readonly PageData[]> = list(
  object<PageData>({
    pfn: count(),
    columns: record(text(), 'The text of every column; empty for an empty value'),
    unavailable: record(text(), 'Columns whose memory the dump lacks, with the reasons'),
    kpageflags: list(text(), 'Names of the bits in the column kpageflags'),
    folio: optional(
      object({
        head: count('Pfn of its head'),
        order: count(),
        pages: count(),
        index: count('Index of the page in the folio; 0 is the head'),
        flags: text('Flags of the head, separated by |'),
        counts: record(integer(), 'Members of struct folio as stored in memory'),
      }),
    ),
    words: list(
      object({
        offset: count('Offset from the start of the struct page, in bytes'),
        value: hexadecimal(),
        members: list(
          object({
            name: text(),
            offset: count(),
            size: count(),
            value: text('An unsigned word as 0x..., a 32-bit member as a signed decimal number'),
          }),
        ),
      }),
      'The struct page in memory',
    ),
    owners: list(text(), 'How the page leads to its owners, a line for each way'),
    references: list(
      text(),
      'What holds the references of its folio, a line for each holder after a line that sums up',
    ),
    named: text('How the page was asked for'),
  }),
);

/** structpage translate --json */
export interface TranslationData {
  readonly address: string;
  readonly paging: string;
  readonly root: string;
  readonly steps: readonly {
    readonly level: string;
    readonly index: number;
    readonly entry: string;
    readonly at: string;
    readonly flags: readonly string[];
  }[];
  readonly physical: string | null;
  readonly pageSize: number | null;
  readonly pfn: number | null;
  readonly fault: string | null;
  readonly structPageOf: number | null;
}

export const translate: Shape<TranslationData> = object<TranslationData>({
  address: hexadecimal('The virtual address'),
  paging: text('The paging mode'),
  root: hexadecimal('Physical address of the root page table'),
  steps: list(
    object({
      level: text(),
      index: count(),
      entry: hexadecimal(),
      at: hexadecimal('Physical address of the entry'),
      flags: list(text()),
    }),
  ),
  physical: nullable(hexadecimal()),
  pageSize: nullable(count('Bytes that one entry maps')),
  pfn: nullable(count()),
  fault: nullable(text('Why the walk ended without an address')),
  structPageOf: nullable(count('The pfn whose struct page holds the address')),
});

/** structpage doctor --json */
export const doctor: Shape<readonly LiveSource[]> = list(
  object<LiveSource>({
    name: text() as Shape<LiveSource['name']>,
    path: text(),
    order: nullable(count('Its place in the order in which methods are tried; null if it must be named')),
    works: truth(),
    why: text('What was found, or why it does not work'),
    remedy: text('What a user can do; empty if it works'),
  }),
);
