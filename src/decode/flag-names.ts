import type { PageLayout } from '../layout/page-layout.ts';
import { PLAIN, SECOND, TAIL } from './folios.ts';
import { MAPPING_KINDS } from './mapping.ts';

/** When a bit goes by another name; all conditions that are given must hold. */
interface AliasRule {
  /** The name that is printed, and the enumerator PG_<alias> that must exist. */
  readonly alias: string;
  readonly kinds?: readonly string[];
  readonly types?: readonly string[];
  readonly with?: string;
  readonly without?: string;
  /** On heads and single pages if not given; `second` is the page behind the head, `any` all pages of a folio. */
  readonly on?: 'second' | 'any';
}

/** The places within a folio that a rule holds for, a bit each. */
const PLACES: Readonly<Record<'head' | 'second' | 'any', number>> = {
  head: 1 << PLAIN,
  second: 1 << SECOND,
  any: (1 << PLAIN) | (1 << SECOND) | (1 << TAIL),
};

/**
 * What the kernel calls its bits on pages of some kind (the aliases in enum pageflags, include/linux/page-flags.h).
 * A rule holds only for kernels that have the enumerator; its bit is the enumerator's value. First match wins.
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

/** Low byte of page[1].flags: where the order is, of a kernel that keeps it there. */
const ORDER_BITS = 0xffn;

/** When a bit of a flags word goes by another name in the set; -1 and 0 are no condition. */
export interface CompiledRule {
  readonly bit: number;
  /** Bit of the set that the name has. */
  readonly to: number;
  /** Codes in MAPPING_KINDS and of page types, as masks. */
  readonly kinds: number;
  readonly types: number;
  readonly withBit: number;
  readonly withoutBit: number;
  /** Bit p is set if the rule holds for pages whose place in their folio is p. */
  readonly places: number;
}

/**
 * How flag words become sets of names: bits of the set below `layout.flags.count` are the flags themselves, those above are
 * aliases. What is no flag (fields, the order in a tail) is left out; a fake head has none, as it is its head's memory.
 */
export interface FlagRules {
  /** Name of each bit of the set. */
  readonly names: readonly string[];
  readonly rules: readonly CompiledRule[];
  /** The bits of a flags word that are flags, and of them those that are flags in a tail. */
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
    // a bit of its own needs no rule
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
  // a rule whose kinds this kernel does not have must never match, which an empty mask would
  return wanted !== undefined && bits === 0 ? 1 << 31 : bits;
}
