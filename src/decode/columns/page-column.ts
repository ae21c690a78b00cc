import type { Pfn } from '../../core/address.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { Address } from '../../loops/loops.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import type { RawPages } from '../../memmap/page-reader.ts';
import type { ColumnKind, ColumnSpec } from '../../table/column.ts';
import type { Lane } from '../lanes.ts';
import type { Fact, PageLoops } from '../page-loops.ts';
import type { PageMaps } from '../page-maps.ts';

/** The batch whose lanes are asked for, and the memory that they are in. */
export interface LaneContext {
  readonly layout: PageLayout;
  readonly model: MemoryModel;
  readonly pages: PageLoops;
  readonly start: Pfn;
  readonly count: number;
  /** Names of the slab caches met so far, by code. */
  readonly cacheNames: readonly string[];
  /** What was found out about pages before; only there if a column that needs it was asked for. */
  readonly maps: PageMaps | undefined;
  /** Struct pages wherever they are; one of a running machine may have changed since the batch was read. */
  readPages(start: Pfn, count: number): RawPages;
  /** The area that is kept for a column: room for `bytesEach` bytes a page. */
  area(name: string, bytesEach: number): Address;
}

/** What has to be worked out before a lane can be asked for; each includes those before it. */
export type Pass =
  /** What folio each page is part of. */
  | 'folios'
  /** The pfn of each folio's head, too. */
  | 'heads'
  /** The kernel's own answers in /proc. */
  | 'kpage';

/**
 * SEAM: a column of the table of pages. To add one: write the object in a file of src/decode/columns (a file holds a
 * column or a group of them), add its line to `registry.ts` at the place where it is to be printed, and add it to
 * test/loops/decode-twin.ts, which computes it in plain JavaScript. Filters, exporters, help and the library's types
 * follow from the object.
 */
export interface PageColumn<N extends string = string, K extends ColumnKind = ColumnKind>
  extends ColumnSpec<N, K> {
  /** The pass that it needs. A column without one is told from the struct page, or from the pfn, alone. */
  readonly needs?: Pass;
  /** What must have been found out about all pages before the first is decoded. */
  readonly needsMap?: keyof PageMaps;
  /** Where the values of the batch are. It is only asked once a batch, when its pass has been run. */
  lane(context: LaneContext): Lane;
  /** Whether it is known of pages whose struct page could not be read. */
  readonly ofPlace?: true;
  /** Whether it is only there if it is named: it costs much, or changes what rows there are. */
  readonly onDemand?: true;
  /** Whether it depends on which pages are online, which not every dump tells. */
  readonly needsOnline?: true;
  /** Whether a table for people has it if no columns are named. */
  readonly inTable?: true;
  /** The longest text that it can have where `lastPfn` is the largest pfn and page frames have `pageBytes`, of columns that grow with it. */
  widest?(lastPfn: Pfn, pageBytes: number): string;
  /** What its names are called in messages; the name of the column if not given. */
  readonly noun?: string;
  /** All names that it can have, of columns where they are known before a page is read: others are refused. */
  names?(context: Pick<LaneContext, 'layout' | 'pages'>): readonly string[];
  /** Whether values without a name are printed, and asked for, by number. */
  readonly unnamedByNumber?: true;
}

/** A whole 64-bit word of the struct page. */
export function wordAt({ pages, layout }: LaneContext, offset: number): Lane {
  return { kind: 'word', at: pages.raw + offset, stride: layout.size };
}

/** A signed 32-bit word of the struct page. */
export function intAt({ pages, layout }: LaneContext, offset: number): Lane {
  return { kind: 'int', at: pages.raw + offset, stride: layout.size };
}

/** A field of the flags word. */
export function flagsField(
  { pages, layout }: LaneContext,
  { shift, width }: { readonly shift: number; readonly width: number },
  names?: readonly string[],
): Lane {
  const at = pages.raw + layout.offsets.flags;
  const lane = { kind: 'field', at, stride: layout.size, shift, mask: 2 ** width - 1 } as const;
  return names ? { ...lane, names } : lane;
}

/** A byte of what the folio pass found: a number, none where it is 255. */
export function factNumber({ pages }: LaneContext, fact: Fact): Lane {
  return { kind: 'byte', ...pages.fact(fact) };
}

/** What the folio pass found, as the code of a name. */
export function factName(
  { pages }: LaneContext,
  fact: Fact,
  bytes: 1 | 2 | 4,
  names: readonly string[],
): Lane {
  return { kind: 'code', ...pages.fact(fact), bytes, names };
}
