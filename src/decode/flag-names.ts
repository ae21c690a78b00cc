import type { PageLayout } from '../layout/page-layout.ts';
import { PLAIN, SECOND, TAIL } from './folios.ts';
import { MAPPING_KINDS } from './mapping.ts';

/** The condition for another name of a bit; all given parts must hold. */
interface AliasRule {
  /** The name that is printed; the enumerator PG_<alias> must exist. */
  readonly alias: string;
  readonly kinds?: readonly string[];
  readonly types?: readonly string[];
  readonly with?: string;
  readonly without?: string;
  /**
   * Where the name applies: heads and single pages by default; `second` is the page after the head, `any` all pages of a
   * folio.
   */
  readonly on?: 'second' | 'any';
}

/** The places within a folio to which a rule applies, one bit each. */
const PLACES: Readonly<Record<'head' | 'second' | 'any', number>> = {
  head: 1 << PLAIN,
  second: 1 << SECOND,
  any: (1 << PLAIN) | (1 << SECOND) | (1 << TAIL),
};

/**
 * The kernel's other names for bits on certain pages (the aliases in enum pageflags, include/linux/page-flags.h). A rule
 * applies only to kernels that have the enumerator; its bit is the enumerator's value. The first match wins.
 */
const ALIASES: readonly AliasRule[] = [
  { alias: 'has_hwpoisoned', on: 'second' },
  { alias: 'large_rmappable', on: 'second' },
  { alias: 'partially_mapped', on: 'second' },
  { alias: 'double_map', on: 'second' },
  { alias: 'hugetlb', on: 'second' },
  { alias: 'swapcache', with: 'swapbacked', kinds: ['anon', 'ksm', 'file'] },
  { alias: 'anon_exclusive', kinds: ['anon'], on: 'any' },
  { alias: 'mappedtodisk', kinds: ['file'] },
  { alias: 'checked', kinds: ['file'], without: 'swapbacked' },
  { alias: 'vmemmap_self_hosted', with: 'reserved' },
  { alias: 'readahead', kinds: ['file'], without: 'writeback' },
  { alias: 'isolated', kinds: ['movable'] },
  { alias: 'movable_ops_isolated', types: ['offline', 'zsmalloc'] },
  { alias: 'movable_ops', types: ['offline', 'zsmalloc'] },
  { alias: 'reported', types: ['buddy'] },
];

/** The low byte of page[1].flags, which holds the order in some kernels. */
const ORDER_BITS = 0xffn;

/** The compiled condition for another name of a bit; -1 and 0 mean no condition. */
export interface CompiledRule {
  readonly bit: number;
  /** The bit of the set that stands for the name. */
  readonly to: number;
  /** Masks of codes: of MAPPING_KINDS and of page types. */
  readonly kinds: number;
  readonly types: number;
  readonly withBit: number;
  readonly withoutBit: number;
  /** Bit p is set if the rule applies to pages at place p in their folio. */
  readonly places: number;
}

/**
 * How flags words become sets of names. Bits of the set below `layout.flags.count` are the flags themselves; those above
 * are aliases. Bits that are not flags (fields, the order in a tail) are left out. A fake head has no flags, since its
 * memory is that of its head.
 */
export interface FlagRules {
  /** Name of each bit of the set. */
  readonly names: readonly string[];
  readonly rules: readonly CompiledRule[];
  /** The bits of a flags word that are flags, and those that are flags in a tail. */
  readonly bits: bigint;
  readonly tailBits: bigint;
}

/** Compiles the rules for a kernel. */
export function flagRules(layout: PageLayout, typeNames: readonly string[]): FlagRules {
  const { flags } = layout;
  const names = [...flags.names];
  const rules: CompiledRule[] = [];
  for (const rule of ALIASES) {
    const bit = flags.bits.get(rule.alias);
    // a bit without other meanings needs no rule
    if (bit === undefined || flags.names[bit] === rule.alias || bit > 31) continue;
    const to = names.push(rule.alias) - 1;
    if (to > 63) break;
    rules.push({
      bit,
      to,
      kinds: mask(rule.kinds, MAPPING_KINDS),
      types: mask(rule.types, typeNames),
      withBit: rule.with === undefined ? -1 : (flags.bits.get(rule.with) ?? -1),
      withoutBit: rule.without === undefined ? -1 : (flags.bits.get(rule.without) ?? -1),
      places: PLACES[rule.on ?? 'head'],
    });
  }
  const bits = (1n << BigInt(flags.count)) - 1n;
  const tailBits = layout.order.kind === 'flags' ? bits & ~ORDER_BITS : bits;
  return { names, rules, bits, tailBits };
}

function mask(wanted: readonly string[] | undefined, names: readonly string[]): number {
  let bits = 0;
  for (const name of wanted ?? []) {
    const code = names.indexOf(name);
    if (code > 0) bits |= 1 << code;
  }
  // a rule whose kinds this kernel lacks must never match; an empty mask would always match
  return wanted !== undefined && bits === 0 ? 1 << 31 : bits;
}
