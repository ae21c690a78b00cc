import type { Pfn } from '../../core/address.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { Address } from '../../loops/loops.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import type { RawPages } from '../../memmap/page-reader.ts';
import type { ColumnKind, ColumnSpec } from '../../table/column.ts';
import type { Lane } from '../lanes.ts';
import type { Fact, PageLoops } from '../page-loops.ts';
import type { PageMaps } from '../page-maps.ts';

/** The batch that a lane is made for, and the memory of the loops. */
export interface LaneContext {
  readonly layout: PageLayout;
  readonly model: MemoryModel;
  readonly pages: PageLoops;
  readonly start: Pfn;
  readonly count: number;
  /** Names of the slab caches met so far, by code. */
  readonly cacheNames: readonly string[];
  /** Results that were computed for all pages beforehand; present only if a requested column needs them. */
  readonly maps: PageMaps | undefined;
  /** Reads struct pages anywhere. On a running machine one may have changed since the batch was read. */
  readPages(start: Pfn, count: number): RawPages;
  /** The area reserved for a column, with room for `bytesEach` bytes per page. */
  area(name: string, bytesEach: number): Address;
}

/** The passes that a lane can need; each includes those before it. */
export type Pass =
  /** Finds the folio of each page. */
  | 'folios'
  /** Also finds the pfn of each folio's head. */
  | 'heads'
  /** Computes the kernel's own answers in /proc. */
  | 'kpage';

/**
 * SEAM: a column of the table of pages. To add one: write the object in a file of src/decode/columns (a file holds one
 * column or a group), add its line to `registry.ts` at its place in the output, and add it to test/loops/decode-twin.ts,
 * which computes it in plain JavaScript. Filters, exporters, help and the library's types follow from the object.
 */
export interface PageColumn<N extends string = string, K extends ColumnKind = ColumnKind>
  extends ColumnSpec<N, K> {
  /** The pass that it needs; none if the struct page or the pfn alone determines it. */
  readonly needs?: Pass;
  /** What must be computed for all pages before the first one is decoded. */
  readonly needsMap?: keyof PageMaps;
  /** Makes the lane with the values of the batch. Called once per batch, after its pass. */
  lane(context: LaneContext): Lane;
  /** Whether it is known for pages whose struct page could not be read. */
  readonly ofPlace?: true;
  /** Whether it must be requested by name, because it is expensive or changes which rows there are. */
  readonly onDemand?: true;
  /** Whether it depends on which pages are online, which some dumps do not tell. */
  readonly needsOnline?: true;
  /** Whether it is about memory sections, which kernels with FLATMEM do not have. */
  readonly needsSections?: true;
  /** Whether tables for people show it by default. */
  readonly inTable?: true;
  /**
   * The longest text of a column whose width grows with memory: `lastPfn` is the largest pfn, and page frames have
   * `pageBytes`.
   */
  widest?(lastPfn: Pfn, pageBytes: number): string;
  /** The word for its names in messages; the name of the column by default. */
  readonly noun?: string;
  /** All names that it can have, if they are known before any page is read. Other names are refused. */
  names?(context: Pick<LaneContext, 'layout' | 'pages'>): readonly string[];
  /** Whether values without a name are printed and matched as numbers. */
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

/** A byte of the facts from the folio pass, as a number; 255 means none. */
export function factNumber({ pages }: LaneContext, fact: Fact): Lane {
  return { kind: 'byte', ...pages.fact(fact) };
}

/** A byte of the facts from the folio pass, as the code of a name. */
export function factName(
  { pages }: LaneContext,
  fact: Fact,
  bytes: 1 | 2 | 4,
  names: readonly string[],
): Lane {
  return { kind: 'code', ...pages.fact(fact), bytes, names };
}
