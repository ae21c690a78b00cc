import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { TypeFacts } from './type-facts.ts';

/**
 * How the 32-bit word of `_mapcount` encodes a page type (include/linux/page-flags.h):
 * - `exact`: one negative value per type (before 4.18);
 * - `inverted`: a type is a CLEARED bit in a word whose base bits are set (4.18 to 6.11);
 * - `byte`: the high byte is the type's number (since 6.12).
 */
export type PageTypes =
  | { readonly encoding: 'exact'; readonly values: readonly PageTypeValue[] }
  | { readonly encoding: 'inverted'; readonly base: number; readonly values: readonly PageTypeValue[] }
  | { readonly encoding: 'byte'; readonly values: readonly PageTypeValue[] };

/** `value` is the whole word (exact, signed), the bit (inverted), or the high byte (byte). */
export interface PageTypeValue {
  readonly name: string;
  readonly value: number;
}

/** What distinguishes the encodings if no enumerator does. */
interface Evidence {
  readonly hasSlabFlag: boolean;
  /** Whether the kernel can tell a hugetlb page without a page type (by destructor or flag). */
  readonly hasOtherHugetlb: boolean;
}

const BASE_28 = 0xf0000000;
const BASE_31 = 0x80000000;

/** The page types of a kernel, from its enumerators if it has them, otherwise from VMCOREINFO and existing members. */
export function resolvePageTypes(
  types: TypeFacts,
  info: Vmcoreinfo | undefined,
  evidence: Evidence,
): PageTypes {
  const pagetype = types.enumerators('pagetype');
  if (pagetype) {
    const byte = named(pagetype, 'PGTY_').filter((t) => t.value < 0xff && t.name !== 'mapcount_underflow');
    if (byte.length > 0) return { encoding: 'byte', values: byte };
    const bits = named(pagetype, 'PG_');
    if (bits.length > 0) return { encoding: 'inverted', base: BASE_31, values: bits };
  }
  if (Number(info?.number('PAGE_BUDDY_MAPCOUNT_VALUE') ?? 0n) === -128) {
    return {
      encoding: 'exact',
      values: [
        { name: 'buddy', value: -128 },
        { name: 'balloon', value: -256 },
        { name: 'kmemcg', value: -512 },
      ],
    };
  }
  return { encoding: 'inverted', base: BASE_28, values: invertedBits(types, info, evidence) };
}

/**
 * Before 6.11 the bits are macros, which no type information has. kmemcg had a bit until 5.11, when the word memcg_data
 * replaced it and the following bits moved down.
 */
function invertedBits(types: TypeFacts, info: Vmcoreinfo | undefined, evidence: Evidence): PageTypeValue[] {
  const names = ['buddy', 'offline'];
  const memcgData = types.place('page', 'memcg_data') !== undefined;
  // the same word under two names (5.9, 5.10)
  const hasBefore = ['mem_cgroup', 'obj_cgroups'].some((name) => types.place('page', name) !== undefined);
  if (hasBefore && !memcgData) names.push('kmemcg');
  names.push('table', 'guard');
  const hugetlb = info?.number('PAGE_HUGETLB_MAPCOUNT_VALUE');
  if (hugetlb !== undefined || !evidence.hasOtherHugetlb) names.push('hugetlb');
  if (!evidence.hasSlabFlag) names.push('slab');
  return names.map((name, i) => ({ name, value: 0x80 << i }));
}

function named(enumerators: ReadonlyMap<string, bigint>, prefix: string): PageTypeValue[] {
  return [...enumerators]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => ({
      name: name.slice(prefix.length).toLowerCase(),
      value: Number(value & 0xffffffffn),
    }));
}
