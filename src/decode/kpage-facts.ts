import { FaultError } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { idlePages } from '../memmap/page-ext.ts';

/**
 * How a kernel fills /proc/kpageflags and /proc/kpagecount (fs/proc/page.c):
 * - `page`: from the flags of the page itself (until 6.9: PG_slab is a flag);
 * - `folio`: from the flags of the head, for tails too (since 6.10: slab is a page type);
 * - `snapshot`: the same from a copy of the structs (since 6.17: PG_movable_ops exists).
 */
export type KpageEra = 'page' | 'folio' | 'snapshot';

/** What the kernel's answers depend on besides the page itself. */
export interface KpageFacts {
  readonly era: KpageEra;
  /** Whether every anonymous page is reported as KSM, an error of 6.10 to 7.0. */
  readonly ksmBug: boolean;
  /** The flags of a pfn that has a struct page but is not online: NOPAGE, or 0 since 6.16. */
  readonly offline: { readonly low: number };
  /** Pfns for which pfn_to_online_page() returns a page. */
  readonly online: readonly Range[];
  readonly zeroPfn: number;
  /** Number of consecutive zero pages from zeroPfn on; several if caches need them in different colours (s390x). */
  readonly zeroPages: number;
  readonly hugeZeroPfn: number;
  /** By pfn, 1 if the page is idle, on 32-bit kernels, which keep that outside of struct page. */
  readonly idle?: Uint8Array;
}

const VARIABLES = ['zero_pfn', 'zero_page_pfn', 'zero_page_mask', 'huge_zero_pfn'] as const;
const NOPAGE = 1 << 20;
const NONE = -1;

/** Collects the facts and reads two variables of the kernel. `correct` disables the kernel's known errors. */
export function kpageFacts(
  kernel: Kernel,
  types: TypeFacts,
  layout: PageLayout,
  model: MemoryModel,
  correct: boolean,
): KpageFacts {
  const bits = layout.flags.bits;
  // looks up all symbols in one pass over the symbol table
  kernel.symbols(VARIABLES);
  const era = bits.has('slab') ? 'page' : bits.has('movable_ops') ? 'snapshot' : 'folio';
  const idle = bits.has('idle') ? undefined : idlePages(kernel, types, model);
  const since616 = layout.members.get('index') === 'page.__folio_index';
  return {
    era,
    ksmBug: era !== 'page' && !layout.tailMayBeMask && !correct,
    offline: { low: since616 ? 0 : NOPAGE },
    // until 5.11 pfn_to_online_page() did not check subsections; memcg_data appeared together with the check.
    // A getter, since the model of a running machine changes
    get online() {
      return layout.members.get('memcg') === 'page.memcg_data' ? model.online : model.present;
    },
    zeroPfn: variable(kernel, ['zero_pfn', 'zero_page_pfn']),
    zeroPages: Math.floor(Math.max(0, variable(kernel, ['zero_page_mask'])) / kernel.pageBytes) + 1,
    hugeZeroPfn: variable(kernel, ['huge_zero_pfn']),
    ...(idle ? { idle } : {}),
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
