import type { Pfn } from '../core/address.ts';
import { type Range, unite } from '../core/ranges.ts';
import { MAPPING_KINDS } from '../decode/mapping.ts';
import { type PageTraits, TRAIT } from '../owners/page-traits.ts';
import { noCounts } from '../scan/scan.ts';
import type { Inspector } from './inspector.ts';

/** Pages whose traits are looked up together: a huge page of most machines. */
const BLOCK = 512;
const BY_KIND: Readonly<Record<string, number>> = {
  anon: TRAIT.anonymous,
  ksm: TRAIT.anonymous | TRAIT.ksm,
};

/** The traits of the pages in some ranges of page frames. */
export function traitsOf(inspector: Inspector, pfns: readonly Range[]): PageTraits {
  const blocks = new Map<number, Uint8Array>();
  const bits = inspector.layout.flags.bits;
  const test = (name: string): ((flags: number) => boolean) => {
    const bit = bits.get(name);
    return (flags) => bit !== undefined && bit < 32 && ((flags >>> bit) & 1) === 1;
  };
  const [isSwapBacked, isDirty] = [test('swapbacked'), test('dirty')];
  const whole = unite(
    pfns.map(({ start, end }) => ({
      start: Math.floor(start / BLOCK) * BLOCK,
      end: Math.ceil(end / BLOCK) * BLOCK,
    })),
  );
  const kinds = MAPPING_KINDS.map((name) => BY_KIND[name] ?? 0);
  const columns = ['mapping_kind', 'flags_raw', 'head'] as const;
  // what cannot be read has no traits, and was told before
  for (const { batch, rows } of inspector.selectSync({ columns, pfns: whole }, noCounts())) {
    const { codes } = batch.columns.get('mapping_kind')!;
    const flags = batch.columns.get('flags_raw')!;
    const heads = batch.columns.get('head')!;
    for (const row of rows) {
      const pfn: Pfn = batch.start + row;
      const at = heads.values[row]! - batch.start;
      const word = at >= 0 && at < batch.count ? flags.low[at]! : flags.low[row]!;
      const kind = kinds[codes[row]!] ?? 0;
      const swapBacked = isSwapBacked(word);
      const isLazy = (kind & TRAIT.anonymous) !== 0 && !swapBacked && !isDirty(word);
      const block = Math.floor(pfn / BLOCK);
      let traits = blocks.get(block);
      if (!traits) {
        traits = new Uint8Array(BLOCK);
        blocks.set(block, traits);
      }
      traits[pfn % BLOCK] =
        TRAIT.known | kind | (swapBacked ? TRAIT.swapBacked : 0) | (isLazy ? TRAIT.lazyFree : 0);
    }
  }
  return { of: (pfn) => blocks.get(Math.floor(pfn / BLOCK))?.[pfn % BLOCK] ?? 0 };
}
