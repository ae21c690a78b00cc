import type { KernelMemory } from '../../src/objects/memory.ts';
import type { PhysicalMemory } from '../../src/sources/image-format.ts';
import { applyPatches, type Patch } from './patches.ts';

/** Bytes of physical memory that something was read from. */
export interface Place {
  readonly at: number;
  readonly length: number;
}

/** Places of one kind of work; of many, evenly spread ones. */
const MOST_PLACES = 20_000;

/** Remembers what is read, so that what is damaged is what matters. */
export class Recorder {
  readonly places: Place[] = [];
  readonly #seen: Set<number> = new Set();
  #met = 0;

  add(at: number, length: number): void {
    if (this.#seen.has(at) || this.#seen.size > 1_000_000) return;
    this.#seen.add(at);
    this.#met++;
    if (this.places.length < MOST_PLACES) this.places.push({ at, length });
    else {
      const place = Math.imul(this.#met, 0x9e3779b1) >>> 0;
      if (place % this.#met < MOST_PLACES) this.places[place % MOST_PLACES] = { at, length };
    }
  }

  /** The same memory; each small read is recorded. */
  physical(memory: PhysicalMemory): PhysicalMemory {
    return {
      runs: memory.runs,
      runAt: (address) => memory.runAt(address),
      readInto: (address, target) => {
        if (target.length <= 65536) this.add(address, target.length);
        return memory.readInto(address, target);
      },
    };
  }

  /** Records each word that is read of kernel objects, which come page by page from physical memory. */
  objects(memory: KernelMemory): void {
    for (const name of ['u8', 'u16', 'u32', 'u64'] as const) {
      const size = { u8: 1, u16: 2, u32: 4, u64: 8 }[name];
      const inner = memory[name].bind(memory) as (address: bigint) => number | bigint;
      const record = (address: bigint): number | bigint => {
        const physical = memory.physical(address);
        if (physical !== undefined) this.add(physical, size);
        return inner(address);
      };
      Object.defineProperty(memory, name, { value: record });
    }
  }
}

/** The same memory with some bytes that are others. */
export function patchedMemory(memory: PhysicalMemory, patches: readonly Patch[]): PhysicalMemory {
  return {
    runs: memory.runs,
    runAt: (address) => memory.runAt(address),
    readInto(address, target) {
      const got = memory.readInto(address, target);
      applyPatches(patches, address, target, got);
      return got;
    },
  };
}
