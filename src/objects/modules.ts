import type { VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { rcuListNodes } from './list.ts';
import type { Objects } from './objects.ts';

/** A piece of the memory of a loaded module. */
export interface ModuleMemory {
  readonly module: string;
  readonly start: VirtAddr;
  readonly end: VirtAddr;
}

/** Memory of all loaded modules: `mem` of struct module since 6.4, two layouts before (include/linux/module.h). */
export function* moduleMemory(objects: Objects): Generator<ModuleMemory> {
  const type = objects.find('module');
  const head = objects.findSymbol('modules');
  if (!type || head === undefined) return;
  for (const node of rcuListNodes(objects.memory, head)) {
    const at = type.container(node, 'list');
    const module = type.text(at, 'name');
    const piece = (start: VirtAddr, size: number): ModuleMemory[] =>
      start === 0n || size === 0 ? [] : [{ module, start, end: start + BigInt(size) }];
    if (type.has('mem')) {
      const memory = objects.struct('module_memory');
      const { offset, size } = type.place('mem');
      for (let i = 0; i + memory.size <= size; i += memory.size) {
        const mem = at + BigInt(offset + i);
        yield* piece(memory.word(mem, 'base'), memory.number(mem, 'size'));
      }
    } else {
      for (const layout of ['core_layout', 'init_layout'] as const) {
        yield* piece(type.word(at, `${layout}.base`), type.number(at, `${layout}.size`));
      }
    }
  }
}

/** Finds the module that contains an address; looks for modules on first use. */
export function moduleFinder(objects: Objects): (address: VirtAddr) => string | undefined {
  let all: ModuleMemory[] | undefined;
  return (address) => {
    if (!all) {
      all = [];
      try {
        for (const piece of moduleMemory(objects)) all.push(piece);
      } catch (error) {
        // the modules before the cut are known
        if (!(error instanceof StructPageError)) throw error;
      }
    }
    return all.find((m) => address >= m.start && address < m.end)?.module;
  };
}
