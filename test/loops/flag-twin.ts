import { FAKE_HEAD, type Folios, PLAIN, SECOND } from '../../src/decode/folios.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';

/** What the other names of flags depend on. */
interface Page {
  readonly isTail: boolean;
  readonly isSecond: boolean;
  readonly kind: string;
  readonly type: string;
  has(flag: string): boolean;
}

const onSecond = (page: Page): boolean => page.isSecond;
const onHead =
  (holds: (page: Page) => boolean) =>
  (page: Page): boolean =>
    !page.isTail && holds(page);
const isMovableType = onHead(({ type }) => type === 'offline' || type === 'zsmalloc');

/**
 * When the kernel uses an enumerator of pageflags that shares its bit with another one: by the policies PF_HEAD, PF_SECOND and so on
 * of include/linux/page-flags.h and by the comments there. Where two would hold for a page that no kernel has, the first does.
 */
const WHEN: Readonly<Record<string, (page: Page) => boolean>> = {
  has_hwpoisoned: onSecond,
  large_rmappable: onSecond,
  partially_mapped: onSecond,
  double_map: onSecond,
  hugetlb: onSecond,
  swapcache: onHead((page) => page.has('swapbacked') && ['anon', 'ksm', 'file'].includes(page.kind)),
  anon_exclusive: ({ kind }) => kind === 'anon',
  mappedtodisk: onHead(({ kind }) => kind === 'file'),
  checked: onHead((page) => page.kind === 'file' && !page.has('swapbacked')),
  vmemmap_self_hosted: onHead((page) => page.has('reserved')),
  readahead: onHead((page) => page.kind === 'file' && !page.has('writeback')),
  isolated: onHead(({ kind }) => kind === 'movable'),
  movable_ops_isolated: isMovableType,
  movable_ops: isMovableType,
  reported: onHead(({ type }) => type === 'buddy'),
};

/** The names of bits that `names` has, the kinds and types of pages by code. */
export interface FlagNames {
  readonly names: readonly string[];
  readonly kinds: readonly string[];
  readonly types: readonly string[];
}

/** The flags of a page as a set of `names`: each bit by the name that the kernel means. */
export function resolveFlags(
  { flags, order }: PageLayout,
  { names, kinds, types }: FlagNames,
  word: bigint,
  folios: Folios,
  page: number,
): bigint {
  const place = folios.place[page]!;
  if (place === FAKE_HEAD) return 0n;
  const isTail = place !== PLAIN;
  const isSet = (bit: number | undefined): boolean =>
    bit !== undefined && ((word >> BigInt(bit)) & 1n) === 1n;
  const about: Page = {
    isTail,
    isSecond: place === SECOND,
    kind: kinds[folios.kind[page]!]!,
    type: types[folios.type[page]!]!,
    // the low byte of a tail may be an order
    has: (flag) =>
      isSet(flags.bits.get(flag)) && !(isTail && order.kind === 'flags' && flags.bits.get(flag)! < 8),
  };
  let set = 0n;
  for (let bit = 0; bit < flags.count; bit++) {
    if (!isSet(bit) || (isTail && order.kind === 'flags' && bit < 8)) continue;
    const other = Object.keys(WHEN).find((name) => {
      const shares = flags.bits.get(name) === bit && flags.names[bit] !== name && bit < 32;
      return shares && WHEN[name]!(about);
    });
    set |= 1n << BigInt(other === undefined ? bit : names.indexOf(other));
  }
  return set;
}
