import type { VirtAddr } from '../core/address.ts';
import type { Objects } from './objects.ts';

/** No kernel has more CPUs (CONFIG_NR_CPUS). */
const MAX_CPUS = 65536;

/** Per-CPU variables: at the address of their symbol plus __per_cpu_offset[cpu] (include/asm-generic/percpu.h). */
export class PerCpu {
  readonly #objects: Objects;
  readonly #offsets: VirtAddr[] = [];
  readonly #cpus: number[] = [];

  /** Throws LayoutError or FaultError where the kernel does not tell its CPUs. */
  constructor(objects: Objects) {
    this.#objects = objects;
    const { memory } = objects;
    const possible = objects.symbol('__cpu_possible_mask');
    const limit = objects.findSymbol('nr_cpu_ids');
    const count = Math.min(MAX_CPUS, limit === undefined ? MAX_CPUS : memory.u32(limit));
    const offsets = objects.symbol('__per_cpu_offset');
    const { wordBytes } = memory.format;
    for (let cpu = 0; cpu < count; cpu++) {
      const word = memory.word(possible + BigInt(Math.floor(cpu / (wordBytes * 8)) * wordBytes));
      if (((word >> BigInt(cpu % (wordBytes * 8))) & 1n) === 0n) continue;
      this.#cpus.push(cpu);
      this.#offsets[cpu] = memory.word(offsets + BigInt(cpu * wordBytes));
    }
  }

  /** The numbers of the possible CPUs, ascending. */
  get cpus(): readonly number[] {
    return this.#cpus;
  }

  /** Those that are online; all that are possible where the kernel does not tell. */
  get online(): readonly number[] {
    const at = this.#objects.findSymbol('__cpu_online_mask');
    if (at === undefined) return this.#cpus;
    const { memory } = this.#objects;
    const { wordBytes } = memory.format;
    return this.#cpus.filter((cpu) => {
      const word = memory.word(at + BigInt(Math.floor(cpu / (wordBytes * 8)) * wordBytes));
      return ((word >> BigInt(cpu % (wordBytes * 8))) & 1n) === 1n;
    });
  }

  /** What is added to a per-CPU pointer or symbol for one CPU. */
  offset(cpu: number): VirtAddr {
    return this.#offsets[cpu] ?? 0n;
  }

  /** Where a per-CPU pointer leads for one CPU. */
  pointer(pointer: VirtAddr, cpu: number): VirtAddr {
    return BigInt.asUintN(64, pointer + this.offset(cpu));
  }

  /** A per-CPU variable by its name, on one CPU. */
  symbol(name: string, cpu: number): VirtAddr {
    return this.pointer(this.#objects.symbol(name), cpu);
  }
}
