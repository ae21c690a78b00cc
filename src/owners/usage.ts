import type { Pfn } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { type Area, VM_HUGETLB, VM_PFNMAP } from './areas.ts';
import { MapCounts } from './map-counts.ts';
import type { Process, Processes } from './processes.ts';

/** Memory of a process, in pages, as fs/proc/task_mmu.c counts it; `pss` has fractions. */
export interface Usage {
  rss: number;
  pss: number;
  /** Pages that no other process maps. */
  uss: number;
  swap: number;
  /** Pages of hugetlb, which are in none of the above. */
  hugetlb: number;
  /** Pages that one entry maps with others: transparent huge pages. */
  huge: number;
}

/** Decides what of the mappings of processes is memory of theirs. */
export class UsageCounter {
  readonly #processes: Processes;
  readonly #counts = new MapCounts();
  readonly #hugeZero: Pfn | undefined;
  readonly #swapFiles: number;
  readonly #isHeld: (offset: bigint) => boolean;

  /** `isHeld` tells whether an entry that is not of a swap file names a page: one that is poisoned, or being moved. */
  constructor(processes: Processes, isHeld: (offset: bigint) => boolean) {
    this.#processes = processes;
    this.#isHeld = isHeld;
    const { objects } = processes;
    const hugeZero = numberIn(objects, 'huge_zero_pfn', 8);
    this.#hugeZero = hugeZero;
    this.#swapFiles = numberIn(objects, 'nr_swapfiles', 4) ?? 0;
  }

  /** What each process uses. Every one is walked twice: first to count how many share a page. */
  usage(list: readonly Process[]): Map<Process, Usage> {
    for (const process of list) {
      this.#processes.walk(process, {
        page: (area, _, pfn, count, special) => {
          if (this.#isMemory(area, pfn, special)) this.#counts.add(pfn, count);
        },
      });
    }
    return new Map(list.map((process) => [process, this.#of(process)]));
  }

  #of(process: Process): Usage {
    const usage: Usage = { rss: 0, pss: 0, uss: 0, swap: 0, hugetlb: 0, huge: 0 };
    this.#processes.walk(process, {
      page: (area, _, pfn, count, special) => {
        if (!this.#isMemory(area, pfn, special)) return;
        if (area.flags & VM_HUGETLB) {
          usage.hugetlb += count;
          return;
        }
        usage.rss += count;
        if (count > 1) usage.huge += count;
        for (let i = 0; i < count; i++) {
          const sharers = this.#counts.get(pfn + i);
          usage.pss += 1 / sharers;
          if (sharers === 1) usage.uss++;
        }
      },
      absent: (area, _, type, offset) => {
        if (area.flags & VM_HUGETLB) return;
        if (type < this.#swapFiles) usage.swap++;
        else if (this.#isHeld(offset)) {
          usage.rss++;
          usage.pss++;
        }
      },
    });
    return usage;
  }

  /** Memory that counts: not the zero pages, nor device memory that a driver maps by its frame. */
  #isMemory(area: Area, pfn: Pfn, special: boolean): boolean {
    if (special || area.flags & VM_PFNMAP) return false;
    return this.#hugeZero === undefined || pfn < this.#hugeZero || pfn >= this.#hugeZero + 512;
  }
}

function numberIn(objects: Objects, symbol: string, size: 4 | 8): number | undefined {
  try {
    const at = objects.findSymbol(symbol);
    if (at === undefined) return undefined;
    return size === 4 ? objects.memory.u32(at) : Number(objects.memory.word(at));
  } catch (error) {
    if (error instanceof StructPageError) return undefined;
    throw error;
  }
}
