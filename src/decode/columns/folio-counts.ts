import type { Pfn } from '../../core/address.ts';
import { FAKE_HEAD, PLAIN, UNKNOWN_ORDER } from '../folios.ts';
import { type Lane, noCount } from '../lanes.ts';
import { MAPPING_KINDS } from '../mapping.ts';
import { FACT, FACT_BYTES } from '../page-loops.ts';
import type { LaneContext, PageColumn } from './page-column.ts';

/** The number of references that one pin of a single page adds (include/linux/mm.h: GUP_PIN_COUNTING_BIAS). */
const PIN = 1024;
/** Only hugetlb folios have higher orders; their pages are never mapped individually. */
const MOST_ORDER = 14;
const MOVABLE = MAPPING_KINDS.indexOf('movable');

export const folioMapcount: PageColumn<'folio_mapcount', 'number'> = {
  name: 'folio_mapcount',
  kind: 'number',
  help: 'number of mappings of its folio and of the pages of that folio; empty if it has a page type',
  numbers: 'int32',
  mayBeEmpty: true,
  needs: 'heads',
  onDemand: true,
  lane: (context) =>
    countLane(context, 'folio_mapcount', (page) =>
      page.isLarge ? mappingsOf(context, page) : mappingsOfOne(context, page),
    ),
};

export const pincount: PageColumn<'pincount', 'number'> = {
  name: 'pincount',
  kind: 'number',
  help: 'pins of its folio, such as those for DMA; refcount / 1024 for a single page, where a pin takes 1024 references',
  numbers: 'int32',
  mayBeEmpty: true,
  needs: 'heads',
  onDemand: true,
  lane: (context) => countLane(context, 'pincount', (page) => pinsOf(context, page)),
};

export const nrPages: PageColumn<'nr_pages', 'number'> = {
  name: 'nr_pages',
  kind: 'number',
  help: 'number of pages of its folio: 2^order',
  numbers: 'int32',
  mayBeEmpty: true,
  needs: 'heads',
  onDemand: true,
  lane: (context) =>
    countLane(context, 'nr_pages', ({ order }) => (order === UNKNOWN_ORDER ? undefined : 2 ** order)),
};

export const isHead: PageColumn<'is_head', 'number'> = {
  name: 'is_head',
  kind: 'number',
  help: '1 for the head of a large folio, otherwise 0',
  numbers: 'uint8',
  isCondition: true,
  needs: 'heads',
  onDemand: true,
  lane: (context) =>
    countLane(context, 'is_head', ({ isLarge, place }) => Number(isLarge && place === PLAIN)),
};

export const isTail: PageColumn<'is_tail', 'number'> = {
  name: 'is_tail',
  kind: 'number',
  help: '1 for a tail of a large folio, otherwise 0',
  numbers: 'uint8',
  isCondition: true,
  needs: 'heads',
  onDemand: true,
  lane: (context) => countLane(context, 'is_tail', ({ place }) => Number(place !== PLAIN)),
};

/** A page and the result of the folio pass for it. */
interface Placed {
  /** Index of the page in the batch. */
  readonly index: number;
  readonly place: number;
  readonly isLarge: boolean;
  readonly head: Pfn;
  readonly order: number;
  readonly type: number;
  readonly kind: number;
}

/**
 * The lane of a count. Like map counts, each value is stored less one; `noCount` means none. A tail has the value of the
 * page before it.
 */
function countLane(context: LaneContext, name: string, countOf: (page: Placed) => number | undefined): Lane {
  const { pages, layout, count } = context;
  const { loops } = pages;
  const at = context.area(name, 4);
  const out = loops.ints(at, count);
  const none = noCount(layout.types);
  const facts = loops.bytes(pages.facts, count * FACT_BYTES);
  const heads = loops.doubles(pages.head, count);
  const words = loops.words(pages.raw, (count * layout.size) / 4);
  const headBit = layout.flags.bits.get('head') ?? 0;
  let lastHead = -1;
  for (let index = 0; index < count; index++) {
    const fact = index * FACT_BYTES;
    const place = facts[fact + FACT.place]!;
    const flags = words[(index * layout.size + layout.offsets.flags) / 4]!;
    const isLarge = place !== PLAIN || ((flags >>> headBit) & 1) === 1;
    const head = heads[index]!;
    if (pages.stateBytes[index] !== 0) {
      out[index] = none;
      lastHead = -1;
    } else if (isLarge && place !== PLAIN && place !== FAKE_HEAD && head === lastHead) {
      out[index] = out[index - 1]!;
    } else {
      const value = countOf({
        index,
        place,
        isLarge,
        head,
        order: facts[fact + FACT.order]!,
        type: facts[fact + FACT.type]!,
        kind: facts[fact + FACT.kind]!,
      });
      out[index] = value === undefined ? none : value - 1;
      lastHead = place === PLAIN || place === FAKE_HEAD ? -1 : head;
    }
  }
  return { kind: 'mapcount', at, stride: 4 };
}

/** The first `count` struct pages of a folio as words; undefined if one of them cannot be read. */
function pagesOf(context: LaneContext, head: Pfn, count: number): Int32Array | undefined {
  const { pages, layout, start } = context;
  const stride = layout.size / 4;
  const index = head - start;
  if (index >= 0 && index + count <= context.count) {
    const areRead = pages.stateBytes.subarray(index, index + count).every((state) => state === 0);
    return areRead ? pages.loops.ints(pages.raw + index * layout.size, count * stride) : undefined;
  }
  const { bytes, readable } = context.readPages(head, count);
  return readable < count ? undefined : new Int32Array(bytes.buffer, bytes.byteOffset, count * stride);
}

/** Pages with a type other than hugetlb have no map count. */
function isTyped({ pages }: LaneContext, { type }: Placed, word: number): boolean {
  const isHugetlb = type !== 0 && type === pages.types.hugetlb;
  return !isHugetlb && (type !== 0 || pages.types.isTyped(word));
}

function mappingsOfOne(context: LaneContext, page: Placed): number | undefined {
  const { pages, layout } = context;
  const word = pages.loops.ints(pages.raw + page.index * layout.size + layout.offsets.mapcount, 1)[0]!;
  if (pages.types.isTyped(word) || (page.kind === MOVABLE && word >= 0)) return undefined;
  return word + 1;
}

/** folio_mapcount() of a large folio, until 6.9 total_mapcount() (mm/util.c, include/linux/mm.h). */
function mappingsOf(context: LaneContext, page: Placed): number | undefined {
  const { folio, offsets, flags, size } = context.layout;
  if (page.order === UNKNOWN_ORDER) return undefined;
  const first = pagesOf(context, page.head, 2);
  if (!first || isTyped(context, page, first[offsets.mapcount / 4]!)) return undefined;
  if (folio.largeMapcount !== undefined) return first[folio.largeMapcount / 4]! + 1;
  const entire = folio.entireMapcount === undefined ? 0 : first[folio.entireMapcount / 4]! + 1;
  if (page.type !== 0) return entire;
  const all = page.order > MOST_ORDER ? undefined : pagesOf(context, page.head, 2 ** page.order);
  if (!all) return undefined;
  let parts = 0;
  for (let at = offsets.mapcount / 4; at < all.length; at += size / 4) parts += all[at]! + 1;
  if (folio.nrPagesMapped !== undefined) return entire + parts;
  const count = 2 ** page.order;
  const isAnon = (first[offsets.mapping / 4]! & 1) === 1;
  if (!isAnon) return entire + parts - entire * count;
  const doubleMap = flags.bits.get('double_map');
  const second = first[(size + offsets.flags) / 4]!;
  const isDouble = doubleMap !== undefined && ((second >>> doubleMap) & 1) === 1;
  return entire + parts - (isDouble ? count : 0);
}

/** The pins of a folio: a separate count if the folio is large enough to have one, otherwise part of its references. */
function pinsOf(context: LaneContext, page: Placed): number | undefined {
  const { folio, offsets, size } = context.layout;
  if (page.isLarge && page.order === UNKNOWN_ORDER) return undefined;
  const needed = folio.pincount === undefined ? 1 : Math.floor(folio.pincount / size) + 1;
  const hasCount = page.isLarge && folio.pincount !== undefined && needed <= 2 ** page.order;
  const head = page.isLarge ? page.head : context.start + page.index;
  const first = pagesOf(context, head, hasCount ? needed : 1);
  if (!first || isTyped(context, page, first[offsets.mapcount / 4]!)) return undefined;
  if (hasCount) return first[folio.pincount! / 4]!;
  return Math.floor(Math.max(0, first[offsets.refcount / 4]!) / PIN);
}
