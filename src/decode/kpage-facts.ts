import { FaultError } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';

/**
 * How a kernel fills /proc/kpageflags and /proc/kpagecount (fs/proc/page.c), told by what it has:
 * - `page`: flags are those of the page itself (until 6.9: PG_slab is a flag);
 * - `folio`: flags are those of the head, for tails too (6.10 on: slab is a page type);
 * - `snapshot`: the same from a copy of the structs (6.17 on: PG_movable_ops exists).
 */
export type KpageEra = 'page' | 'folio' | 'snapshot';

/** What the kernel's answers depend on besides the page itself. */
export interface KpageFacts {
  readonly era: KpageEra;
  /** 6.10 to 7.0 call every anonymous page KSM. */
  readonly ksmBug: boolean;
  /** What a pfn reads that has a struct page but is not online: NOPAGE, or 0 since 6.16. */
  readonly offline: { readonly low: number };
  /** Pfns that pfn_to_online_page() has a page for. */
  readonly online: readonly Range[];
  readonly zeroPfn: number;
  /** Zero pages that follow one another from zeroPfn on: more than one where caches want them in colours (s390x). */
  readonly zeroPages: number;
  readonly hugeZeroPfn: number;
}

const VARIABLES = ['zero_pfn', 'zero_page_pfn', 'zero_page_mask', 'huge_zero_pfn'] as const;
const NOPAGE = 1 << 20;
const NONE = -1;

/** Collects the facts; reads two variables of the kernel. `correct` leaves the kernel's known errors out. */
export function kpageFacts(
  kernel: Kernel,
  layout: PageLayout,
  model: MemoryModel,
  correct: boolean,
): KpageFacts {
  const bits = layout.flags.bits;
  // one pass over the symbol table for all of them
  kernel.symbols(VARIABLES);
  const era = bits.has('slab') ? 'page' : bits.has('movable_ops') ? 'snapshot' : 'folio';
  const since616 = layout.members.get('index') === 'page.__folio_index';
  return {
    era,
    ksmBug: era !== 'page' && !layout.tailMayBeMask && !correct,
    offline: { low: since616 ? 0 : NOPAGE },
    // until 5.11 pfn_to_online_page() did not look at subsections; memcg_data came at the same time as the check
    online: layout.members.get('memcg') === 'page.memcg_data' ? model.online : model.present,
    zeroPfn: variable(kernel, ['zero_pfn', 'zero_page_pfn']),
    zeroPages: Math.floor(Math.max(0, variable(kernel, ['zero_page_mask'])) / kernel.pageBytes) + 1,
    hugeZeroPfn: variable(kernel, ['huge_zero_pfn']),
  };
}

function variable(kernel: Kernel, names: readonly string[]): number {
  const found = kernel.symbols(names);
  for (const name of names) {
    const address = found.get(name);
    if (address === undefined) continue;
    try {
      const value = kernel.space.readWord(address, name);
      return value < 1n << 40n ? Number(value) : NONE;
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
    }
  }
  return NONE;
}
