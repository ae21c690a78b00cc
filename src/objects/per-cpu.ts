import type { VirtAddr } from '../core/address.ts';
import type { Objects } from './objects.ts';

/** No kernel has more CPUs (CONFIG_NR_CPUS). */
const MAX_CPUS = 65536;

/** Per-CPU variables, at the address of their symbol plus __per_cpu_offset[cpu] (include/asm-generic/percpu.h). */
export class PerCpu {
  readonly #objects: Objects;
  readonly #offsets: VirtAddr[] = [];
  readonly #cpus: number[] = [];

  /** Throws LayoutError or FaultError if the kernel's CPUs cannot be determined. */
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

  /** The online CPUs; all possible ones if unknown. */
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

  /** The offset of a CPU's per-CPU memory from a per-CPU pointer or symbol. */
  offset(cpu: number): VirtAddr {
    return this.#offsets[cpu] ?? 0n;
  }

  /** The address of a per-CPU pointer's target for a CPU. */
  pointer(pointer: VirtAddr, cpu: number): VirtAddr {
    return BigInt.asUintN(64, pointer + this.offset(cpu));
  }

  /** The address of a per-CPU variable for a CPU. */
  symbol(name: string, cpu: number): VirtAddr {
    return this.pointer(this.#objects.symbol(name), cpu);
  }
}
