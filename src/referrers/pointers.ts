import type { Pfn, PhysAddr } from '../core/address.ts';
import type { WordFormat } from '../objects/memory.ts';
import type { Targets } from './targets.ts';

/** A word in memory that names a page. */
export interface Pointer {
  /** Place of the word. */
  readonly place: PhysAddr;
  readonly pfn: Pfn;
  readonly holds: Holding;
  /** Offset of the named address from the start of the page, or of its struct page, in bytes. */
  readonly offset: number;
}

/**
 * How a word names a page: by its address in the direct map, the address of its struct page, its physical address, or that
 * with flags above it, as in a page table entry.
 */
export type Holding = 'address' | 'struct page' | 'physical address' | 'entry';

/**
 * Finds the words in a piece of memory that name a target. `bytes` starts at a multiple of a word; big-endian words are
 * swapped in place.
 */
export function* pointersIn(
  targets: Targets,
  format: WordFormat,
  bytes: Buffer,
  address: PhysAddr,
): Generator<Pointer> {
  const { wordBytes } = format;
  const whole = bytes.subarray(0, bytes.length - (bytes.length % wordBytes));
  if (!format.littleEndian) {
    if (wordBytes === 8) whole.swap64();
    else whole.swap32();
  }
  const words = new Uint32Array(whole.buffer, whole.byteOffset, whole.length / 4);
  const step = wordBytes / 4;
  for (let i = targets.next(words, 0, step); i < words.length; i = targets.next(words, i + step, step)) {
    yield { place: address + i * 4, pfn: targets.pfn, holds: targets.holds, offset: targets.offset };
  }
}
