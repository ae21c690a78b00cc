import type { FlagBits } from './flag-bits.ts';
import type { PageTypes } from './page-types.ts';

/** Every flag with its own bit in a mainline kernel from 4.4 to 7.3 (enum pageflags, include/linux/page-flags.h). */
const FLAGS: ReadonlySet<string> = new Set(
  (
    'locked error writeback referenced uptodate dirty lru head waiters active workingset slab owner_priv_1 owner_2 arch_1 ' +
    'arch_2 arch_3 reserved private private_2 mappedtodisk reclaim swapcache swapbacked unevictable mlocked uncached hwpoison ' +
    'compound tail compound_lock buddy young idle skip_kasan_poison dropbehind'
  ).split(' '),
);

/** Other names of these bits with their owners, in all kernels in which the name has been seen. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  anon_exclusive: ['owner_2', 'mappedtodisk'],
  checked: ['owner_priv_1'],
  double_map: ['workingset', 'private_2'],
  foreign: ['owner_priv_1'],
  fscache: ['private_2'],
  has_hwpoisoned: ['error', 'active', 'mappedtodisk'],
  hugetlb: ['active'],
  isolated: ['reclaim'],
  large_rmappable: ['workingset'],
  mappedtodisk: ['owner_2'],
  movable_ops: ['uptodate'],
  movable_ops_isolated: ['reclaim'],
  partially_mapped: ['reclaim'],
  pinned: ['owner_priv_1'],
  readahead: ['reclaim'],
  reported: ['uptodate'],
  savepinned: ['dirty'],
  slob_free: ['private'],
  slub_debug: ['error'],
  slub_frozen: ['active'],
  swapcache: ['owner_priv_1'],
  vmemmap_self_hosted: ['owner_priv_1'],
  xen_remapped: ['owner_priv_1'],
};

/** Page types from 4.18 to 7.3 (PageType(), include/linux/page-flags.h), and earlier ones. */
const TYPES: ReadonlySet<string> = new Set(
  'buddy balloon kmemcg offline table guard hugetlb slab zsmalloc unaccepted large_kmalloc'.split(' '),
);

/** Names that flags and page types have in known kernels. */
export const KNOWN_NAMES: { readonly flags: readonly string[]; readonly type: readonly string[] } = {
  flags: [...new Set([...FLAGS, ...Object.keys(ALIASES)])],
  type: [...TYPES],
};

/** Like `strangeFlags`, for names of page types. */
export function strangeTypes({ values }: PageTypes): string[] {
  return values
    .filter(({ name }) => !TYPES.has(name))
    .map(({ name }) => `a page type is called ${name}, which no known kernel has`);
}

/**
 * Reports flag names that no known kernel has: they belong to a newer kernel or a vendor's, or are damaged. Nothing else in
 * memory tells the names of most flags, so no better check exists. One sentence per name.
 */
export function strangeFlags({ names, bits }: FlagBits): string[] {
  const out: string[] = [];
  for (const [name, bit] of bits) {
    const own = names[bit]!;
    if (own === name) {
      if (!FLAGS.has(name)) out.push(`flag ${bit} is called ${name}, which no known kernel calls a flag`);
    } else if (!Object.hasOwn(ALIASES, name)) {
      out.push(`flag ${bit} is also called ${name}, which no known kernel does`);
    } else if (!ALIASES[name]!.includes(own) && FLAGS.has(own)) {
      out.push(
        `flag ${bit}, ${own}, is also called ${name}, which is another name of ${ALIASES[name]!.join(' or ')} in all known kernels`,
      );
    }
  }
  return out;
}
