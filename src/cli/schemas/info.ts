import { type InfoData, PAGE_STATES, type PageState } from '../../index.ts';
import {
  count,
  hexadecimal,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  text,
  truth,
} from './shape.ts';

const states = Object.fromEntries(PAGE_STATES.map((state) => [state, count()])) as Record<
  PageState,
  Shape<number>
>;

/** structpage info --json */
export const info: Shape<InfoData> = object<InfoData>({
  format: text('The format of the dump'),
  formatDetails: record(text(), 'More lines about the format, by label'),
  live: truth('Whether it is the memory of a running machine'),
  release: text('The release of the kernel'),
  banner: nullable(text()),
  buildId: nullable(text()),
  architecture: text(),
  pageSize: count('Size of a page frame in bytes'),
  paging: object({
    mode: text(),
    root: hexadecimal('Physical address of the root page table'),
    from: text(),
  }),
  text: nullable(hexadecimal('Virtual address of the kernel text')),
  kaslrOffset: nullable(hexadecimal()),
  symbols: nullable(count('Number of symbols')),
  types: object({ origin: text(), confidence: text(), from: text() }, 'The source of the types'),
  memoryModel: object({
    kind: text(),
    vmemmapBase: nullable(hexadecimal()),
    sectionSizeBits: count(),
    maxPhysicalBits: count(),
    from: text(),
  }),
  structPage: object({
    size: count('Bytes'),
    flagBits: count('Number of bits that are flags'),
    fields: record(
      object({ shift: count(), width: count() }),
      'Fields in the upper bits of flags; a field of width 0 is absent',
    ),
    typeEncoding: text(),
    zones: list(text()),
    members: record(text(), 'The member for each role'),
  }),
  pfns: list(object({ first: count(), last: count() }), 'Page frames with a struct page'),
  search: list(
    object({
      what: text(),
      outcome: text(),
      scanned: optional(object({ bytes: count(), seconds: number(), secondsPerGib: number() })),
    }),
    'The steps of the search for the kernel',
  ),
  contents: optional(
    object({
      kinds: list(object({ kind: text(), frames: record(count()) })),
      looked: count('Page frames in the sample'),
      of: count('All page frames'),
      leftOut: optional(text('What a filter left out')),
    }),
  ),
  features: list(
    object({ feature: text(), works: oneOf(['yes', 'partly', 'no']), evidence: text() }),
    'What works on the dump',
  ),
  structPages: object(states, 'Struct pages by state'),
  pageBytes: count('Size of a page frame in bytes'),
  memory: record(count(), 'Bytes of physical memory by presence in the dump'),
  pageArray: list(
    object({
      pfns: count(),
      start: count('The first pfn'),
      physical: optional(count('Physical address of its struct page; absent if not mapped')),
    }),
    'Physical runs of the page array',
  ),
});
