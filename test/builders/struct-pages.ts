import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bytesSource, type Inspector, openMemory } from '../../src/index.ts';
import { virtualOffsets } from '../damage/flip-places.ts';

/** A capture in memory whose struct pages can be replaced by others of its own. */
export class PagesOfCapture {
  readonly bytes: Uint8Array;
  readonly #inspector: Inspector;
  readonly #offset: (address: bigint) => number;

  private constructor(bytes: Uint8Array, inspector: Inspector) {
    this.bytes = bytes;
    this.#inspector = inspector;
    this.#offset = virtualOffsets(inspector, bytes);
  }

  /** The capture in a gzip-compressed ELF file. */
  static async read(path: string): Promise<PagesOfCapture> {
    const bytes = gunzipSync(readFileSync(path));
    return new PagesOfCapture(bytes, await openMemory(bytesSource(bytes, path)));
  }

  /** The pfns of pages that match an expression, in ascending order. */
  pfns(where: string): number[] {
    const found: number[] = [];
    for (const { batch, rows } of this.#inspector.selectSync({ columns: ['pfn'], where })) {
      for (const row of rows) found.push(batch.start + row);
    }
    return found;
  }

  /** A copy of the capture in which each page of `to` has the struct page that `from` has in this one. */
  with(changes: readonly { readonly from: number; readonly to: readonly number[] }[]): Uint8Array {
    const copy = Uint8Array.from(this.bytes);
    for (const { from, to } of changes) {
      const struct = this.bytes.subarray(this.#at(from), this.#at(from) + this.#inspector.model.pageSize);
      for (const pfn of to) copy.set(struct, this.#at(pfn));
    }
    return copy;
  }

  close(): void {
    this.#inspector.close();
  }

  #at(pfn: number): number {
    return this.#offset(this.#inspector.model.addressOf(pfn)!);
  }
}
