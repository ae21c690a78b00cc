import type { Pfn, VirtAddr } from '../core/address.ts';
import { readOr } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { Objects } from '../objects/objects.ts';
import { type Area, VM_HUGETLB, VM_LOCKED, VM_PFNMAP } from './areas.ts';
import { MapCounts } from './map-counts.ts';
import { NO_TRAITS, type PageTraits, TRAIT } from './page-traits.ts';
import type { Process, Processes } from './processes.ts';
import { ShmemSwap } from './shmem-swap.ts';
import { MAPPED } from './user-tables.ts';

/**
 * Memory of a process or of one of its areas, in pages, counted like fs/proc/task_mmu.c; pss, swapPss and locked have
 * fractions.
 */
export interface Usage {
  rss: number;
  pss: number;
  /** Pages that no other process maps. */
  uss: number;
  swap: number;
  swapPss: number;
  /** Pages of hugetlb that others also map, and those that nobody else maps; not part of the above. */
  sharedHugetlb: number;
  privateHugetlb: number;
  /** Pages that an entry maps together with others: transparent huge pages. */
  huge: number;
  /** The parts of `huge` that are anonymous, shared memory, or another file. */
  anonHuge: number;
  shmemHuge: number;
  fileHuge: number;
  anonymous: number;
  ksm: number;
  /** Anonymous pages marked by MADV_FREE. */
  lazyFree: number;
  /** The part of `pss` that is locked into memory. */
  locked: number;
}

/** A usage of zero. */
export function noUsage(): Usage {
  return {
    rss: 0,
    pss: 0,
    uss: 0,
    swap: 0,
    swapPss: 0,
    sharedHugetlb: 0,
    privateHugetlb: 0,
    huge: 0,
    anonHuge: 0,
    shmemHuge: 0,
    fileHuge: 0,
    anonymous: 0,
    ksm: 0,
    lazyFree: 0,
    locked: 0,
  };
}

/** Decides which mappings count as memory of processes. */
export class UsageCounter {
  readonly #processes: Processes;
  readonly #counts: MapCounts;
  readonly #hugeZero: Pfn;
  readonly #hugePages: number;
  readonly #swapFiles: number;
  readonly #heldPage: (offset: bigint) => Pfn | undefined;
  readonly #shmem: ShmemSwap;
  readonly #unit: number;
  readonly #swapCounts: Map<number, number> = new Map();

  /** `heldPage` returns the page of an entry that is not in a swap file: a page that is poisoned or under migration. */
  constructor(processes: Processes, limit: Pfn, heldPage: (offset: bigint) => Pfn | undefined) {
    this.#processes = processes;
    this.#heldPage = heldPage;
    this.#counts = new MapCounts(limit);
    const { objects } = processes;
    this.#hugeZero = numberIn(objects, 'huge_zero_pfn', 8) ?? Number.POSITIVE_INFINITY;
    const [last, above] = objects.memory.space.walker.tables.mode.levels.slice(-2).reverse();
    this.#hugePages = 2 ** ((above?.shift ?? 0) - (last?.shift ?? 0));
    this.#swapFiles = numberIn(objects, 'nr_swapfiles', 4) ?? 0;
    this.#shmem = new ShmemSwap(objects);
    this.#unit = objects.memory.format.pageSize * 2 ** 12;
  }

  /** Counts the sharers of each page. Later results are correct if these are all processes. */
  count(list: readonly Process[]): void {
    for (const process of list) {
      this.#processes.walk(process, {
        page: (area, _, pfn, count, bits) => {
          if (this.#isMemory(area, pfn, bits)) this.#counts.add(pfn, count);
        },
        pages: (area, _, frames, __, count) => {
          if ((area.flags & VM_PFNMAP) === 0) this.#counts.addMany(frames, count);
        },
        absent: (_, __, type, offset) => {
          if (type >= this.#swapFiles) return;
          const key = swapKey(type, offset);
          this.#swapCounts.set(key, (this.#swapCounts.get(key) ?? 0) + 1);
        },
      });
    }
  }

  /** The page frames that make up the memory of a process, in the order of its addresses. */
  framesOf(process: Process): Range[] {
    const frames: Range[] = [];
    const add = (start: Pfn, count: number): void => {
      const last = frames.at(-1);
      if (last?.end === start) frames[frames.length - 1] = { start: last.start, end: start + count };
      else frames.push({ start, end: start + count });
    };
    this.#processes.walk(process, {
      page: (area, _, pfn, count, bits) => {
        if (this.#isMemory(area, pfn, bits)) add(pfn, count);
      },
      absent: (_, __, type, offset, count) => {
        const held = type < this.#swapFiles ? undefined : this.#heldPage(offset);
        if (held !== undefined) add(held, count);
      },
    });
    return frames;
  }

  /** The usage of a process. */
  of(process: Process): Usage {
    const usage = noUsage();
    this.#walk(process, () => usage, NO_TRAITS);
    return usage;
  }

  /** The usage of each area of a process. Without traits of its pages, fields that need them stay 0. */
  ofAreas(process: Process, traits: PageTraits): Map<Area, Usage> {
    const usages = new Map(process.areas.map((area) => [area, noUsage()]));
    this.#walk(process, (area) => usages.get(area)!, traits);
    return usages;
  }

  #walk(process: Process, usageOf: (area: Area) => Usage, traits: PageTraits): void {
    const swapped = this.#swappedFiles(process);
    this.#processes.walk(process, {
      page: (area, address, pfn, count, bits) => {
        swapped.get(area)?.own.add(address);
        if (!this.#isMemory(area, pfn, bits)) return;
        const usage = usageOf(area);
        if (area.flags & VM_HUGETLB) {
          if (this.#counts.get(pfn) > 1) usage.sharedHugetlb += count;
          else usage.privateHugetlb += count;
        } else this.#add(usage, area, pfn, count, traits.of(pfn), bits);
      },
      absent: (area, address, type, offset, count) => {
        swapped.get(area)?.own.add(address);
        if (area.flags & VM_HUGETLB) return;
        const usage = usageOf(area);
        if (type < this.#swapFiles) {
          usage.swap += count;
          usage.swapPss += count * this.#share(this.#swapCounts.get(swapKey(type, offset)) ?? 1);
          return;
        }
        const held = this.#heldPage(offset);
        if (held === undefined) return;
        usage.rss += count;
        usage.pss += count;
        if (traits.of(held) & TRAIT.anonymous) usage.anonymous += count;
      },
    });
    for (const [area, { mapping, own }] of swapped) {
      usageOf(area).swap += this.#shmem.pages(area, mapping, (address) => own.has(address));
    }
  }

  #add(usage: Usage, area: Area, pfn: Pfn, count: number, traits: number, bits: number): void {
    usage.rss += count;
    let pss = 0;
    for (let i = 0; i < count; ) {
      const alike = count === 1 ? 1 : this.#counts.alike(pfn + i, count - i);
      // a running machine may have mapped it since the count
      const sharers = Math.max(1, this.#counts.get(pfn + i));
      pss += alike * this.#share(sharers);
      if (sharers === 1) usage.uss += alike;
      i += alike;
    }
    usage.pss += pss;
    if (area.flags & VM_LOCKED) usage.locked += pss;
    if (traits & TRAIT.anonymous) usage.anonymous += count;
    if (traits & TRAIT.ksm) usage.ksm += count;
    if (traits & TRAIT.lazyFree && (bits & MAPPED.dirty) === 0) usage.lazyFree += count;
    if (count === 1) return;
    usage.huge += count;
    if (traits & TRAIT.anonymous) usage.anonHuge += count;
    else if (traits & TRAIT.swapBacked) usage.shmemHuge += count;
    else if (traits !== 0) usage.fileHuge += count;
  }

  /** A process's share of a page, rounded down like in the kernel (PSS_SHIFT of fs/proc/task_mmu.c). */
  #share(sharers: number): number {
    return sharers === 1 ? 1 : Math.floor(this.#unit / sharers) / this.#unit;
  }

  /** Areas of shmem files that are partly in swap, and the addresses at which the process has its own entries in them. */
  #swappedFiles(process: Process): Map<Area, { readonly mapping: VirtAddr; readonly own: Set<number> }> {
    const found = new Map<Area, { mapping: VirtAddr; own: Set<number> }>();
    for (const area of process.areas) {
      const mapping = this.#processes.attempt(`the shared memory of process ${process.pid}`, () =>
        this.#shmem.swappedFile(area),
      );
      if (mapping !== undefined) found.set(area, { mapping, own: new Set() });
    }
    return found;
  }

  /** Whether memory counts: the zero pages do not, nor device memory that a driver maps by its frame. */
  #isMemory(area: Area, pfn: Pfn, bits: number): boolean {
    if (bits & MAPPED.special || area.flags & VM_PFNMAP) return false;
    return pfn < this.#hugeZero || pfn >= this.#hugeZero + this.#hugePages;
  }
}

/** A swap entry as one number: swap files have less than 2^40 pages. */
function swapKey(type: number, offset: bigint): number {
  return type * 2 ** 40 + Number(offset);
}

function numberIn(objects: Objects, symbol: string, size: 4 | 8): number | undefined {
  return readOr(undefined, () => {
    const at = objects.findSymbol(symbol);
    if (at === undefined) return undefined;
    return size === 4 ? objects.memory.u32(at) : Number(objects.memory.word(at));
  });
}
