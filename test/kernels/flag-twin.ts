import type { PageLayout } from '../layout/page-layout.ts';
import { FAKE_HEAD, type Folios, SECOND, TAIL } from './folio.ts';
import { MAPPING_KINDS } from './mapping.ts';

/** When a bit goes by another name; all conditions that are given must hold. */
interface AliasRule {
  /** The name that is printed, and the enumerator PG_<alias> that must exist. */
  readonly alias: string;
  readonly kinds?: readonly string[];
  readonly types?: readonly string[];
  readonly with?: string;
  readonly without?: string;
  /** Only on the page behind the head of a folio. */
  readonly second?: boolean;
}

/**
 * What the kernel calls its bits on pages of some kind (the aliases in enum pageflags, include/linux/page-flags.h).
 * A rule holds only for kernels that have the enumerator; its bit is the enumerator's value. First match wins.
 */
const ALIASES: readonly AliasRule[] = [
  { alias: 'has_hwpoisoned', second: true },
  { alias: 'large_rmappable', second: true },
  { alias: 'partially_mapped', second: true },
  { alias: 'double_map', second: true },
  { alias: 'hugetlb', second: true },
  { alias: 'swapcache', with: 'swapbacked', kinds: ['anon', 'ksm', 'file'] },
  { alias: 'anon_exclusive', kinds: ['anon'] },
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
const ORDER_BITS = 0xff;

/** Turns flag words into sets of names. Bits of the set below `layout.flags.count` are the flags themselves. */
export interface FlagNamer {
  /** Name of each bit of the set. */
  readonly names: readonly string[];
  /**
   * The set for a page: its flag bits with the aliases resolved. Returns the low half, the high half is in `high`.
   * What is no flag (fields, the order in a tail) is left out.
   */
  resolve(low: number, high: number, folios: Folios, page: number): number;
  high: number;
}

interface CompiledRule {
  readonly bit: number;
  readonly to: number;
  readonly kinds: number;
  readonly types: number;
  readonly withBit: number;
  readonly withoutBit: number;
  readonly second: boolean;
}

/** Compiles the rules for a kernel. */
export function flagNamer(layout: PageLayout, typeNames: readonly string[]): FlagNamer {
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
      second: rule.second === true,
    });
  }
  const lowMask = flags.count >= 32 ? 0xffffffff : 2 ** flags.count - 1;
  const highMask = flags.count > 32 ? 2 ** (flags.count - 32) - 1 : 0;
  const tailMask = layout.order.kind === 'flags' ? ~ORDER_BITS : -1;

  const namer: FlagNamer = {
    names,
    high: 0,
    resolve(low, high, folios, page) {
      const place = folios.place[page]!;
      namer.high = 0;
      if (place === FAKE_HEAD) return 0; // the bits are its head's: it is the same memory
      let bits = low & lowMask;
      let outLow = bits;
      let outHigh = high & highMask;
      if (place === TAIL || place === SECOND) outLow = bits = bits & tailMask;
      if (bits !== 0) {
        const kind = 1 << folios.kind[page]!;
        const type = 1 << folios.type[page]!;
        for (const rule of rules) {
          if (((outLow >>> rule.bit) & 1) === 0) continue;
          if (rule.second ? place !== SECOND : place === TAIL || place === SECOND) continue;
          if (rule.kinds !== 0 && (rule.kinds & kind) === 0) continue;
          if (rule.types !== 0 && (rule.types & type) === 0) continue;
          if (rule.withBit >= 0 && ((bits >>> rule.withBit) & 1) === 0) continue;
          if (rule.withoutBit >= 0 && ((bits >>> rule.withoutBit) & 1) === 1) continue;
          outLow &= ~(1 << rule.bit);
          if (rule.to < 32) outLow |= 1 << rule.to;
          else outHigh |= 1 << (rule.to - 32);
        }
      }
      namer.high = outHigh >>> 0;
      return outLow >>> 0;
    },
  };
  return namer;
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

/** The names in a set, joined by `|`. */
export function setText(low: number, high: number, names: readonly string[]): string {
  let text = '';
  for (let bit = 0; bit < names.length; bit++) {
    const on = bit < 32 ? (low >>> bit) & 1 : (high >>> (bit - 32)) & 1;
    if (on) text = text === '' ? names[bit]! : `${text}|${names[bit]}`;
  }
  return text;
}
