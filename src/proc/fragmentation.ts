import type { Pfn } from '../core/address.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { Objects } from '../objects/objects.ts';
import { type ZoneObject, zones } from '../objects/zones.ts';
import { freeBlocks } from './buddyinfo.ts';
import { PROC_SYMBOLS, textsOf } from './counters.ts';
import { Pageblocks } from './pageblocks.ts';
import { freeList } from './pagetypeinfo.ts';

/**
 * How well a zone could serve an allocation of one order, in thousandths, as in /sys/kernel/debug/extfrag (mm/vmstat.c).
 */
export interface FragmentationIndex {
  readonly zone: ZoneObject;
  readonly order: number;
  /**
   * Towards 0 an allocation fails for lack of memory, towards 1000 because free memory is in small blocks; -1000 if a block
   * is free (__fragmentation_index).
   */
  readonly index: number;
  /** The share of free memory in blocks too small for the order (unusable_free_index). */
  readonly unusable: number;
}

/** Both indices of every order of each zone with memory. */
export function* fragmentationIndices(objects: Objects): Generator<FragmentationIndex> {
  objects.kernel.symbols(PROC_SYMBOLS);
  for (const zone of zones(objects)) {
    if (zone.present === 0) continue;
    const free = freeBlocks(objects, zone);
    for (const order of free.keys()) yield { zone, order, ...indicesOf(free, order) };
  }
}

/** Computes both indices of an order from the numbers of free blocks of each order. */
export function indicesOf(
  free: readonly number[],
  order: number,
): Pick<FragmentationIndex, 'index' | 'unusable'> {
  let [pages, blocks, suitable] = [0, 0, 0];
  for (const [at, count] of free.entries()) {
    blocks += count;
    pages += count * 2 ** at;
    if (at >= order) suitable += count * 2 ** (at - order);
  }
  const wanted = Math.floor((pages * 1000) / 2 ** order);
  const index = blocks === 0 ? 0 : suitable > 0 ? -1000 : 1000 - Math.floor((1000 + wanted) / blocks);
  const unusable = pages === 0 ? 1000 : Math.floor(((pages - suitable * 2 ** order) * 1000) / pages);
  return { index, unusable };
}

/** One free list of a zone. */
export interface FreeList {
  readonly zone: ZoneObject;
  readonly order: number;
  /** The migratetype that it is for. */
  readonly type: string;
  /**
   * The first page of each block on it; undefined for an address that is not a struct page. Throws the errors of a damaged
   * list.
   */
  readonly pfns: Iterable<Pfn | undefined>;
}

/** The free lists of every zone with memory, by order and migratetype. */
export function* freeLists(
  objects: Objects,
  { model, layout }: { readonly model: MemoryModel; readonly layout: PageLayout },
): Generator<FreeList> {
  objects.kernel.symbols(PROC_SYMBOLS);
  const blocks = new Pageblocks(objects, model);
  const types = textsOf(objects, 'migratetype_names', blocks.types);
  const orders = objects.struct('zone').place('free_area').size / objects.struct('free_area').size;
  const node = BigInt(layout.offsets.lru);
  const pfnsOf = function* (zone: ZoneObject, order: number, type: number): Generator<Pfn | undefined> {
    for (const at of freeList(objects, zone, order, type)) yield model.pfnOf(at - node);
  };
  for (const zone of zones(objects)) {
    if (zone.present === 0) continue;
    for (let order = 0; order < orders; order++) {
      for (const [type, name] of types.entries())
        yield { zone, order, type: name, pfns: pfnsOf(zone, order, type) };
    }
  }
}
