import type { Pfn, VirtAddr } from '../core/address.ts';
import { LayoutError } from '../core/errors.ts';
import { directMapOf } from '../kernel/direct-map.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { KernelMemory, type WordFormat } from './memory.ts';
import { moduleTypes } from './module-types.ts';
import { PerCpu } from './per-cpu.ts';
import { Struct } from './struct.ts';

const MOST_NODES = 1024;

/** The objects of a kernel: its memory, its types, its symbols. */
export class Objects {
  readonly kernel: Kernel;
  readonly types: TypeFacts;
  readonly memory: KernelMemory;
  readonly #structs: Map<string, Struct | null> = new Map();
  readonly #modules: Map<string, Objects | null> = new Map();
  #perCpu: PerCpu | undefined;
  #directMap: VirtAddr | undefined;

  constructor(
    kernel: Kernel,
    types: TypeFacts,
    format: WordFormat = formatOf(kernel),
    memory: KernelMemory = new KernelMemory(kernel.space, format),
  ) {
    this.kernel = kernel;
    this.types = types;
    this.memory = memory;
  }

  /** The same objects with the types of a module too; undefined if its types are not in memory. */
  ofModule(name: string): Objects | undefined {
    let own = this.#modules.get(name);
    if (own === undefined) {
      const types = moduleTypes(this, name);
      own = types ? new Objects(this.kernel, types, this.memory.format, this.memory) : null;
      this.#modules.set(name, own);
    }
    return own ?? undefined;
  }

  /** A struct or union that the kernel may lack. */
  find(name: string): Struct | undefined {
    let struct = this.#structs.get(name);
    if (struct === undefined) {
      const size = this.types.structSize(name);
      struct = size ? new Struct(name, size, this.types, this.memory) : null;
      this.#structs.set(name, struct);
    }
    return struct ?? undefined;
  }

  /** A struct or union, by the first of several names that the kernel has. Throws LayoutError if it has none. */
  struct(...names: string[]): Struct {
    for (const name of names) {
      const struct = this.find(name);
      if (struct) return struct;
    }
    throw new LayoutError(`struct ${names.join(' or ')}`, `${this.types.origin} has no such type`);
  }

  /** The address of a symbol. Throws LayoutError if the kernel lacks it. */
  symbol(name: string): VirtAddr {
    const address = this.kernel.symbol(name);
    if (address === undefined) throw new LayoutError(name, 'the symbol table of the kernel does not have it');
    return address;
  }

  /** The address of a symbol that the kernel may lack. */
  findSymbol(name: string): VirtAddr | undefined {
    return this.kernel.symbol(name);
  }

  /** The pointer or `unsigned long` in a variable. */
  variable(name: string): bigint {
    return this.memory.word(this.symbol(name));
  }

  /** The value of an enumerator of a named enum; undefined if either does not exist. */
  enumerator(enumName: string, name: string): number | undefined {
    const value = this.types.enumerators(enumName)?.get(name);
    return value === undefined ? undefined : Number(value);
  }

  /** The address of a page frame in the direct map. Throws LayoutError if it is unknown. */
  directMap(pfn: Pfn): VirtAddr {
    this.#directMap ??= directMapOf(this.kernel);
    if (this.#directMap === undefined)
      throw new LayoutError('PAGE_OFFSET', 'nothing tells where all memory is mapped');
    const { wordBytes } = this.kernel.architecture;
    return BigInt.asUintN(wordBytes * 8, this.#directMap + BigInt(pfn) * BigInt(this.memory.format.pageSize));
  }

  /** The number of nodes that the kernel supports. */
  get nodeCount(): number {
    const count = this.findSymbol('nr_node_ids');
    return count === undefined ? 1 : Math.min(MOST_NODES, this.memory.u32(count));
  }

  get perCpu(): PerCpu {
    this.#perCpu ??= new PerCpu(this);
    return this.#perCpu;
  }
}

/** How the structs of a kernel are laid out. */
function formatOf(kernel: Kernel): WordFormat {
  const { littleEndian, wordBytes } = kernel.architecture;
  return { littleEndian, wordBytes, pageSize: kernel.pageBytes };
}
