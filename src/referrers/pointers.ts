import type { Pfn, PhysAddr } from '../core/address.ts';
import type { WordFormat } from '../objects/memory.ts';
import type { Targets } from './targets.ts';

/** A word of memory that names a page. */
export interface Pointer {
  /** Where the word is. */
  readonly place: PhysAddr;
  readonly pfn: Pfn;
  readonly holds: Holding;
  /** Bytes from the start of the page, or of its struct page, to what the word names. */
  readonly offset: number;
}

/**
 * What a word is of a page: its address in the kernel's map of all memory, the address of its struct page, its physical address,
 * or that with flags above it, as an entry of a page table has it.
 */
export type Holding = 'address' | 'struct page' | 'physical address' | 'entry';

/** The words of a piece of memory that name a target. `bytes` begins at a multiple of a word; big-endian ones are swapped in place. */
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
