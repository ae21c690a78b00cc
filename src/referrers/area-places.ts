import { hex, type Pfn, type VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { moduleFinder } from '../objects/modules.ts';
import type { Objects } from '../objects/objects.ts';
import { type Task, threads } from '../objects/tasks.ts';
import { areaPages, vmapAreas } from '../objects/vmap-areas.ts';

/** The place of a page in vmalloc space. */
interface AreaPage {
  readonly start: VirtAddr;
  readonly vm: VirtAddr;
  /** Its number in the area. */
  readonly index: number;
}

/** Names places in vmalloc space by page frame: stacks of tasks, modules, and other areas by their allocator. */
export class AreaPlaces {
  readonly #objects: Objects;
  readonly #model: MemoryModel;
  readonly #moduleOf: (address: VirtAddr) => string | undefined;
  #pages: Map<Pfn, AreaPage> | undefined;
  #stacks: Map<VirtAddr, Task> | undefined;

  constructor(objects: Objects, model: MemoryModel) {
    this.#objects = objects;
    this.#model = model;
    this.#moduleOf = moduleFinder(objects);
  }

  /** The address at which a byte of a page is mapped; undefined if no area owns the page. */
  address(pfn: Pfn, offset: number): VirtAddr | undefined {
    const page = this.#at(pfn);
    if (!page) return undefined;
    return page.start + BigInt(page.index * this.#objects.memory.format.pageSize + offset);
  }

  /** e.g. `stack of web-front (thread 178) + 0x3e10`, `vmalloc area of alloc_thread_stack_node + 0x10`. */
  name(pfn: Pfn, offset: number): string | undefined {
    const page = this.#at(pfn);
    const address = this.address(pfn, offset);
    if (!page || address === undefined) return undefined;
    const within = `+ ${hex(address - page.start)}`;
    this.#stacks ??= this.#allStacks();
    const task = this.#stacks.get(page.start);
    if (task) return `stack of ${task.comm} (thread ${task.tid}) ${within}`;
    const module = this.#moduleOf(address);
    if (module !== undefined) return `module ${module} ${within}`;
    const { kernel } = this.#objects;
    const caller = this.#objects.struct('vm_struct').word(page.vm, 'caller');
    const by = caller === 0n ? undefined : kernel.kallsyms?.nearest(caller);
    return `vmalloc area of ${by?.name ?? hex(caller)} ${within}`;
  }

  #at(pfn: Pfn): AreaPage | undefined {
    this.#pages ??= this.#allPages();
    return this.#pages.get(pfn);
  }

  #allPages(): Map<Pfn, AreaPage> {
    const found = new Map<Pfn, AreaPage>();
    untilCut(() => {
      for (const area of vmapAreas(this.#objects)) {
        let index = 0;
        for (const page of areaPages(this.#objects, area)) {
          const pfn = this.#model.pfnOf(page);
          if (pfn !== undefined) found.set(pfn, { start: area.start, vm: area.vm, index });
          index++;
        }
      }
    });
    return found;
  }

  #allStacks(): Map<VirtAddr, Task> {
    const found = new Map<VirtAddr, Task>();
    untilCut(() => {
      for (const task of threads(this.#objects)) found.set(task.stack, task);
    });
    return found;
  }
}

/** Names are optional: places after the cut of a walk have none. */
function untilCut(walk: () => void): void {
  try {
    walk();
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
  }
}
