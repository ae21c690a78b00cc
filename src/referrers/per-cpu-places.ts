import { hex, type Pfn, type VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';

/** Names per-CPU variables by their place in the first chunk in the direct map (mm/percpu.c). */
export class PerCpuPlaces {
  readonly #objects: Objects;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  /** For example `per-CPU variable runqueues + 0x10 of CPU 1`; undefined outside the units of CPUs. */
  name(pfn: Pfn, offset: number): string | undefined {
    const { memory, perCpu, kernel } = this.#objects;
    const [base, offsets, pages] = ['pcpu_base_addr', 'pcpu_unit_offsets', 'pcpu_unit_pages'].map((name) =>
      this.#objects.findSymbol(name),
    );
    if (base === undefined || offsets === undefined || pages === undefined) return undefined;
    const size = BigInt(memory.u32(pages) * memory.format.pageSize);
    const physical = pfn * memory.format.pageSize + offset;
    for (const cpu of perCpu.cpus) {
      const unit: VirtAddr = memory.word(base) + memory.word(offsets + BigInt(cpu * memory.format.wordBytes));
      const start = memory.physical(unit);
      if (start === undefined || physical < start || BigInt(physical - start) >= size) continue;
      const within = BigInt(physical - start);
      const [first, end] = ['__per_cpu_start', '__per_cpu_end'].map((n) => this.#objects.findSymbol(n));
      const symbol =
        first !== undefined && end !== undefined && within < end - first
          ? kernel.kallsyms?.nearest(first + within)
          : undefined;
      return symbol
        ? `per-CPU variable ${symbol.name} + ${hex(symbol.offset)} of CPU ${cpu}`
        : `per-CPU memory of CPU ${cpu} + ${hex(within)}`;
    }
    return undefined;
  }
}
