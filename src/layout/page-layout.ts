import type { DataModel } from '../core/data-model.ts';
import { LayoutError } from '../core/errors.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import { checkEnums } from './check-enums.ts';
import { checkMembers } from './check-members.ts';
import { type FlagBits, resolveFlagBits } from './flag-bits.ts';
import { type FlagFields, type MemoryFacts, resolveFlagFields } from './flag-fields.ts';
import { type PageTypes, resolvePageTypes } from './page-types.ts';
import { recordOffset, recordSize } from './record.ts';
import type { TypeFacts } from './type-facts.ts';
import { memberOf, namesOf } from './wanted.ts';

/** Byte offsets within a struct page. `slabCache` and the members of the folio are relative to the head page. */
export interface PageOffsets {
  readonly flags: number;
  readonly mapcount: number;
  readonly refcount: number;
  readonly mapping: number;
  readonly index: number;
  readonly private: number;
  readonly lru: number;
  readonly compound: number;
  readonly memcg: number | undefined;
  readonly slabCache: number | undefined;
}

/** The place of the order of a folio: a byte behind the head, or the low byte of page[1].flags (since 6.6). */
export type OrderPlace = { readonly kind: 'byte'; readonly offset: number } | { readonly kind: 'flags' };

/** How to recognise a hugetlb folio. */
export type HugetlbMark =
  | { readonly kind: 'dtor'; readonly offset: number; readonly size: number; readonly value: number }
  | { readonly kind: 'flag'; readonly bit: number }
  | { readonly kind: 'type' };

/** Map counts and the like of a large folio: byte offsets of 32-bit words from the head page. */
export interface FolioOffsets {
  readonly entireMapcount: number | undefined;
  readonly nrPagesMapped: number | undefined;
  readonly largeMapcount: number | undefined;
  /** In page[1], or in page[2] (until 5.17). */
  readonly pincount: number | undefined;
}

/**
 * Everything that decoding needs to know about one kernel's struct page, as numbers. Offsets are within records, the form
 * in which struct pages are read (src/layout/record.ts).
 */
export interface PageLayout {
  /** Size of the record of a struct page in bytes: sizeof(struct page) on 64-bit kernels. */
  readonly size: number;
  readonly offsets: PageOffsets;
  readonly folio: FolioOffsets;
  readonly order: OrderPlace;
  readonly hugetlb: HugetlbMark;
  readonly flags: FlagBits;
  readonly fields: FlagFields;
  readonly types: PageTypes;
  /** The name of each zone number, spelled as in /proc/zoneinfo. */
  readonly zones: readonly string[];
  /** Since 7.1, a tail may hold a mask instead of a pointer (`compound_info`). */
  readonly tailMayBeMask: boolean;
  /** The range of pointers to kernel objects; other words in `mapping` are poison. */
  readonly pointers: DataModel['pointers'];
  /** Until 6.16, bit 1 of `mapping` marks a movable page; later PG_movable_ops does. */
  readonly movableByMapping: boolean;
  /** Number of pages of the largest free block: two to the power of MAX_PAGE_ORDER; 0 if the types do not tell. */
  readonly largestBlock: number;
  /** The source of the types. */
  readonly origin: string;
  /** The member path used for each role, e.g. `index` -> `page.__folio_index`. */
  readonly members: ReadonlyMap<string, string>;
}

/** The largest struct page of any kernel, in bytes. */
const MAX_SIZE = 256;

const ZONE_NAMES: Record<string, string> = {
  ZONE_DMA: 'DMA',
  ZONE_DMA32: 'DMA32',
  ZONE_NORMAL: 'Normal',
  ZONE_HIGHMEM: 'HighMem',
  ZONE_MOVABLE: 'Movable',
  ZONE_DEVICE: 'Device',
};

/** For each role the members that may have it, best first. `wanted.ts` lists their other names. */
const ROLES = {
  flags: [['page', 'flags']],
  mapcount: [['page', '_mapcount']],
  refcount: [['page', '_refcount']],
  mapping: [['page', 'mapping']],
  index: [['page', 'index']],
  private: [['page', 'private']],
  lru: [['page', 'lru']],
  compound: [['page', 'compound_head']],
  memcg: [['page', 'memcg_data']],
  slabCache: [
    ['slab', 'slab_cache'],
    ['page', 'slab_cache'],
  ],
  orderByte: [
    ['folio', '_folio_order'],
    ['page', 'compound_order'],
  ],
  dtor: [
    ['folio', '_folio_dtor'],
    ['page', 'compound_dtor'],
  ],
  entireMapcount: [
    ['folio', '_entire_mapcount'],
    ['page', 'compound_mapcount'],
  ],
  nrPagesMapped: [
    ['folio', '_nr_pages_mapped'],
    ['page', 'subpages_mapcount'],
  ],
  largeMapcount: [['folio', '_large_mapcount']],
  pincount: [
    ['folio', '_pincount'],
    ['page', 'compound_pincount'],
    ['page', 'hpage_pinned_refcount'],
  ],
} as const;
type Role = keyof typeof ROLES;
/** The expected size of each member: one or two machine words, an int, or any of several (the order used to be wider). */
const SIZES: Readonly<Record<Role, 'word' | 'words' | 'int' | 'any'>> = {
  flags: 'word',
  mapcount: 'int',
  refcount: 'int',
  mapping: 'word',
  index: 'word',
  private: 'word',
  lru: 'words',
  compound: 'word',
  memcg: 'word',
  slabCache: 'word',
  orderByte: 'any',
  dtor: 'any',
  entireMapcount: 'int',
  nrPagesMapped: 'int',
  largeMapcount: 'int',
  pincount: 'int',
};
/**
 * Members of tails that are found through struct page, with the number of the tail, whose offset from the head must be
 * added.
 */
const TAIL_OF: ReadonlyMap<string, number> = new Map([
  ['page.compound_order', 1],
  ['page.compound_dtor', 1],
  ['page.compound_mapcount', 1],
  ['page.subpages_mapcount', 1],
  ['page.compound_pincount', 1],
  ['page.hpage_pinned_refcount', 2],
]);

/** Resolves the layout of struct page. Throws LayoutError naming the member that the types lack. */
export function resolvePageLayout(
  types: TypeFacts,
  memory: MemoryFacts,
  info: Vmcoreinfo | undefined,
): PageLayout {
  checkEnums(types);
  checkMembers(types);
  const members = new Map<string, string>();
  const size = types.structSize('page');
  if (!size || size % memory.model.wordBytes !== 0 || size > MAX_SIZE) {
    throw new LayoutError('struct page', `${types.origin} gives it a size of ${size ?? 'nothing'}`);
  }
  const word = types.place('page', 'private')?.size === 4 ? 4 : 8;
  const find = (role: Role): number | undefined => {
    for (const [struct, name] of ROLES[role]) {
      const place = memberOf(types, struct, name);
      if (!place) continue;
      const path = `${struct}.${place.path}`;
      const bytes = { word, words: 2 * word, int: 4, any: place.size }[SIZES[role]];
      if (place.size !== bytes)
        throw new LayoutError(path, `${types.origin} has it with ${place.size} bytes instead of ${bytes}`);
      members.set(role, path);
      return recordOffset(place.offset + (TAIL_OF.get(path) ?? 0) * size, place.size, memory.model);
    }
    return undefined;
  };
  const need = (role: Role): number => {
    const offset = find(role);
    if (offset === undefined) {
      const paths = ROLES[role].flatMap(([struct, name]) =>
        namesOf(struct, name).map((n) => `${struct}.${n}`),
      );
      throw new LayoutError(paths[0]!, `${types.origin} has no member ${paths.join(' or ')}`);
    }
    return offset;
  };
  const flags = resolveFlagBits(types);
  const orderByte = find('orderByte');
  const hugetlb = hugetlbMark(types, flags, find('dtor'), members);
  return {
    size: recordSize(size, memory.model),
    offsets: {
      flags: need('flags'),
      mapcount: need('mapcount'),
      refcount: need('refcount'),
      mapping: need('mapping'),
      index: need('index'),
      private: need('private'),
      lru: need('lru'),
      compound: need('compound'),
      memcg: find('memcg'),
      slabCache: find('slabCache'),
    },
    folio: {
      entireMapcount: find('entireMapcount'),
      nrPagesMapped: find('nrPagesMapped'),
      largeMapcount: find('largeMapcount'),
      pincount: find('pincount'),
    },
    order: orderByte === undefined ? { kind: 'flags' } : { kind: 'byte', offset: orderByte },
    hugetlb,
    flags,
    fields: resolveFlagFields(types, flags.count, memory, info),
    types: resolvePageTypes(types, info, {
      hasSlabFlag: flags.bits.has('slab'),
      hasOtherHugetlb: hugetlb.kind !== 'type',
    }),
    zones: zoneNames(types),
    tailMayBeMask: members.get('compound') === 'page.compound_info',
    pointers: memory.model.pointers,
    movableByMapping: !flags.bits.has('movable_ops'),
    largestBlock: largestBlock(types),
    origin: types.origin,
    members,
  };
}

function hugetlbMark(
  types: TypeFacts,
  flags: FlagBits,
  dtor: number | undefined,
  members: ReadonlyMap<string, string>,
): HugetlbMark {
  const destructors = types.enumerators('compound_dtor_id');
  const value = destructors?.get('HUGETLB_PAGE_DTOR');
  // kernels without hugetlb have neither a constant for it nor struct hstate
  if (dtor !== undefined && (!destructors || (value === undefined && types.structSize('hstate')))) {
    throw new LayoutError('HUGETLB_PAGE_DTOR', `${types.origin} does not have it`);
  }
  if (dtor !== undefined && value !== undefined) {
    const path = members.get('dtor')!;
    const dot = path.indexOf('.');
    const size = types.place(path.slice(0, dot), path.slice(dot + 1))?.size ?? 1;
    return { kind: 'dtor', offset: dtor, size, value: Number(value) };
  }
  const bit = flags.bits.get('hugetlb');
  return bit === undefined ? { kind: 'type' } : { kind: 'flag', bit };
}

function largestBlock(types: TypeFacts): number {
  const orders = types.place('zone', 'free_area')?.length;
  return orders ? 2 ** (orders - 1) : 0;
}

function zoneNames(types: TypeFacts): string[] {
  const names: string[] = [];
  for (const [enumerator, value] of types.enumerators('zone_type') ?? []) {
    if (!enumerator.startsWith('ZONE_')) continue;
    names[Number(value)] ??= ZONE_NAMES[enumerator] ?? enumerator.slice(5).toLowerCase();
  }
  return names;
}
