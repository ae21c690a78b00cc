import type { VirtAddr } from '../core/address.ts';
import { LayoutError, StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { ChainError } from '../objects/walk.ts';

/** CSS_ONLINE (include/linux/cgroup-defs.h): cleared when the cgroup is removed, while pages still hold it. */
const CSS_ONLINE = 2;
/** Bits of memcg_data: a vector of slab objects, and kernel memory (include/linux/memcontrol.h). */
const OBJECTS = 1n;
const FLAGS = 7n;
const MOST_PARTS = 256;
const LONGEST_PART = 256;
const DYING = ' (dying)';

/** Paths of memory cgroups, by the word of a struct page that tells to which one the page is charged. */
export class MemcgNames {
  readonly #objects: Objects;
  readonly #subsystem: VirtAddr;
  readonly #trouble: (sentence: string) => void;
  readonly #byWord: Map<bigint, string> = new Map();
  #told = false;

  /** Throws LayoutError for a kernel without memory cgroups. */
  constructor(objects: Objects, trouble: (sentence: string) => void) {
    const subsystem = objects.findSymbol('memory_cgrp_subsys');
    if (subsystem === undefined)
      throw new LayoutError('memory_cgrp_subsys', 'this kernel has no memory cgroups');
    this.#objects = objects;
    this.#subsystem = subsystem;
    this.#trouble = trouble;
  }

  /**
   * The path of the cgroup that `memcg_data` of a folio's head names, with ` (dying)` after a removed one; empty if there
   * is none.
   */
  of(word: bigint): string {
    if (word === 0n || (word & OBJECTS) !== 0n) return '';
    let name = this.#byWord.get(word);
    if (name === undefined) {
      name = this.#find(word & ~FLAGS);
      this.#byWord.set(word, name);
    }
    return name;
  }

  /** The path of a task's memory cgroup; empty if it has none. */
  ofTask(task: VirtAddr): string {
    const set = this.#objects.struct('task_struct').word(task, 'cgroups');
    const { offset, size } = this.#objects.struct('css_set').place('subsys');
    const id = this.#objects.struct('cgroup_subsys').number(this.#subsystem, 'id');
    const { wordBytes } = this.#objects.memory.format;
    if (set === 0n || id * wordBytes >= size) return '';
    const state = this.#objects.memory.word(set + BigInt(offset + id * wordBytes));
    return state === 0n ? '' : this.of(this.#objects.struct('mem_cgroup').container(state, 'css'));
  }

  #find(pointer: VirtAddr): string {
    try {
      const memcg = this.#memcgAt(pointer);
      return memcg === undefined ? '' : this.#pathOf(memcg);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      if (!this.#told) this.#trouble(`the name of a memory cgroup cannot be read: ${error.message}`);
      this.#told = true;
      return '';
    }
  }

  /**
   * Kernel memory, and since 7.1 all memory, is charged to an obj_cgroup, which leads to the cgroup. The target of a
   * pointer tells which it is: a mem_cgroup names its subsystem.
   */
  #memcgAt(pointer: VirtAddr): VirtAddr | undefined {
    if (this.#isMemcg(pointer)) return pointer;
    const charged = this.#objects.find('obj_cgroup');
    const memcg = charged?.word(pointer, 'memcg') ?? 0n;
    return memcg !== 0n && this.#isMemcg(memcg) ? memcg : undefined;
  }

  #isMemcg(address: VirtAddr): boolean {
    const css = this.#objects.struct('mem_cgroup').at(address, 'css');
    return this.#objects.struct('cgroup_subsys_state').word(css, 'ss') === this.#subsystem;
  }

  #pathOf(memcg: VirtAddr): string {
    const state = this.#objects.struct('cgroup_subsys_state');
    const node = this.#objects.struct('kernfs_node');
    const css = this.#objects.struct('mem_cgroup').at(memcg, 'css');
    const parts: string[] = [];
    let at = this.#objects.struct('cgroup').word(state.word(css, 'cgroup'), 'kn');
    for (;;) {
      const parent = node.word(at, ['__parent', 'parent']);
      if (parent === 0n) break;
      const name = this.#objects.memory.string(node.word(at, 'name'), LONGEST_PART);
      parts.unshift(Buffer.from(name, 'latin1').toString('utf8'));
      if (parts.length > MOST_PARTS)
        throw new ChainError('path of a cgroup', at, parts.length, 'it has no root');
      at = parent;
    }
    const online = (state.number(css, 'flags') & CSS_ONLINE) !== 0;
    return `/${parts.join('/')}${online ? '' : DYING}`;
  }
}
