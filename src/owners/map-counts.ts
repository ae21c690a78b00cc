import type { Pfn } from '../core/address.ts';

const CHUNK_SHIFT = 9;
const CHUNK = 1 << CHUNK_SHIFT;

/** How often each page frame is mapped: 4 bytes for each page of those blocks of 512 that are mapped at all. */
export class MapCounts {
  readonly #chunks: Map<number, Uint32Array> = new Map();

  add(pfn: Pfn, count: number): void {
    for (let at = pfn; at < pfn + count; ) {
      const chunk = this.#chunk(at);
      const end = Math.min(pfn + count, (Math.floor(at / CHUNK) + 1) * CHUNK);
      for (let i = at % CHUNK; at < end; at++, i++) chunk[i]!++;
    }
  }

  get(pfn: Pfn): number {
    return this.#chunks.get(Math.floor(pfn / CHUNK))?.[pfn % CHUNK] ?? 0;
  }

  #chunk(pfn: Pfn): Uint32Array {
    const key = Math.floor(pfn / CHUNK);
    let chunk = this.#chunks.get(key);
    if (!chunk) {
      chunk = new Uint32Array(CHUNK);
      this.#chunks.set(key, chunk);
    }
    return chunk;
  }
}
