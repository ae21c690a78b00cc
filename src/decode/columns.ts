/** How the values of a column are held and printed. */
export type ColumnKind =
  /** A decimal number that is exact in a double. */
  | 'number'
  /** An unsigned 64-bit word in two halves, printed as 0x and hexadecimal digits. */
  | 'word'
  /** One of a list of names; code 0 is none. */
  | 'name'
  /** A set of names, printed joined by |. */
  | 'set';

/** The name of a column. */
export type ColumnName =
  | 'pfn'
  | 'phys'
  | 'page'
  | 'flags_raw'
  | 'flags'
  | 'refcount'
  | 'mapcount_raw'
  | 'mapcount'
  | 'type'
  | 'head'
  | 'order'
  | 'free_order'
  | 'node'
  | 'zone'
  | 'section'
  | 'last_cpupid'
  | 'mapping'
  | 'mapping_kind'
  | 'index'
  | 'private'
  | 'lru_next'
  | 'lru_prev'
  | 'memcg_data'
  | 'slab_cache'
  | 'kpageflags'
  | 'kpagecount'
  | 'state';

/** What a column is, for help texts, filters and exporters. */
export interface ColumnSpec {
  readonly name: ColumnName;
  readonly kind: ColumnKind;
  /** Whether a row may have no value in it. */
  readonly mayBeEmpty?: boolean;
  readonly help: string;
}

/**
 * Every column, in the order in which they are printed when all are asked for. Words are raw memory; what is derived
 * says so. A tail page shares `type`, `order`, `mapping_kind` and `slab_cache` with its head.
 */
export const COLUMNS: readonly ColumnSpec[] = [
  { name: 'pfn', kind: 'number', help: 'page frame number' },
  { name: 'phys', kind: 'word', help: 'physical address of the page: pfn * page size' },
  { name: 'page', kind: 'word', help: 'virtual address of its struct page' },
  { name: 'flags_raw', kind: 'word', help: 'the word `flags` as it is, with the fields in its upper bits' },
  {
    name: 'flags',
    kind: 'set',
    help: 'names of the flag bits that are set, aliases resolved by what the page is',
  },
  { name: 'refcount', kind: 'number', help: '_refcount, signed' },
  { name: 'mapcount_raw', kind: 'number', help: 'the 32-bit word of _mapcount and page_type, signed' },
  {
    name: 'mapcount',
    kind: 'number',
    mayBeEmpty: true,
    help: '_mapcount + 1; empty where the word is a page type',
  },
  {
    name: 'type',
    kind: 'name',
    mayBeEmpty: true,
    help: 'page type: buddy (all pages of a free block), slab, table, offline, guard, hugetlb, ...',
  },
  { name: 'head', kind: 'number', help: 'pfn of the head of its folio; its own pfn if it is not a tail' },
  {
    name: 'order',
    kind: 'number',
    mayBeEmpty: true,
    help: 'order of its folio: the folio has 2^order pages; 0 if not compound',
  },
  {
    name: 'free_order',
    kind: 'number',
    mayBeEmpty: true,
    help: 'order of the free block that it belongs to',
  },
  { name: 'node', kind: 'number', help: 'NUMA node, from flags' },
  { name: 'zone', kind: 'name', help: 'zone, from flags, as /proc/zoneinfo names it' },
  { name: 'section', kind: 'number', help: 'number of its memory section' },
  {
    name: 'last_cpupid',
    kind: 'number',
    mayBeEmpty: true,
    help: 'LAST_CPUPID field of flags; all ones if never set',
  },
  { name: 'mapping', kind: 'word', help: 'the word `mapping` as it is' },
  {
    name: 'mapping_kind',
    kind: 'name',
    help: 'what mapping points to: anon, ksm, movable, file, none (that of the head for a tail)',
  },
  { name: 'index', kind: 'word', help: 'the word `index` as it is' },
  { name: 'private', kind: 'word', help: 'the word `private` as it is' },
  { name: 'lru_next', kind: 'word', help: 'the first word of the lru union' },
  { name: 'lru_prev', kind: 'word', help: 'the second word of the lru union' },
  {
    name: 'memcg_data',
    kind: 'word',
    mayBeEmpty: true,
    help: 'the word memcg_data as it is; empty if the kernel has none',
  },
  {
    name: 'slab_cache',
    kind: 'name',
    mayBeEmpty: true,
    help: 'name of the slab cache that the page belongs to',
  },
  {
    name: 'kpageflags',
    kind: 'word',
    help: 'what this kernel says of the page in /proc/kpageflags, its errors included',
  },
  { name: 'kpagecount', kind: 'number', help: 'what this kernel says of the page in /proc/kpagecount' },
  {
    name: 'state',
    kind: 'name',
    help: 'ok, or why its struct page could not be read; asking for it lists such pages too',
  },
];

/** Columns that must be asked for: what the kernel would say, and `state`, which changes what rows there are. */
const ON_DEMAND: ReadonlySet<ColumnName> = new Set<ColumnName>(['kpageflags', 'kpagecount', 'state']);

/** Columns that are printed when none are named. */
export const DEFAULT_COLUMNS: readonly ColumnName[] = COLUMNS.map((c) => c.name).filter(
  (n) => !ON_DEMAND.has(n),
);

const BY_NAME = new Map<string, ColumnSpec>(COLUMNS.map((c) => [c.name, c]));

/** The spec of a column, if there is one of that name. */
export function columnSpec(name: string): ColumnSpec | undefined {
  return BY_NAME.get(name);
}

/** Whether there is a column of that name. */
export function isColumn(name: string): name is ColumnName {
  return BY_NAME.has(name);
}

/** The values of one column for all pages of a batch, as typed arrays indexed by page. */
export type Column =
  | {
      readonly kind: 'number';
      readonly values: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array | Int8Array;
      readonly empty?: Uint8Array;
    }
  | {
      readonly kind: 'word';
      readonly low: Uint32Array;
      readonly high: Uint32Array;
      readonly empty?: Uint8Array;
    }
  | { readonly kind: 'name'; readonly codes: Uint16Array | Uint8Array; readonly names: readonly string[] }
  | {
      readonly kind: 'set';
      readonly low: Uint32Array;
      readonly high: Uint32Array;
      readonly names: readonly string[];
    };
