import type { Architecture } from '../arch/architecture.ts';
import type { PhysAddr, VirtAddr } from '../core/address.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { AddressSpace } from '../translate/address-space.ts';

/** The kernel's own image as it lies in memory. */
export interface KernelImage {
  /** Virtual address of bytes[0]. */
  readonly address: VirtAddr;
  readonly bytes: Uint8Array;
}

/** No kernel image is larger; what is mapped behind it in its window is modules and fixmaps. */
const MAX_IMAGE = 256 * 1024 * 1024;
/** A gap larger than this in the mapping ends the image (freed init memory leaves smaller ones). */
const MAX_GAP = 32 * 1024 * 1024;

/**
 * Reads text, read-only data and data of the kernel in one piece: what is mapped in the window of the image and
 * keeps the image's distance between virtual and physical addresses. Parts that cannot be read are zeros,
 * which no table of the kernel has in its middle.
 */
export function readImage(kernel: {
  space: AddressSpace;
  architecture: Architecture;
  text: VirtAddr | undefined;
  physBase: bigint | undefined;
}): KernelImage | undefined {
  const { base, size } = kernel.architecture.image;
  if (kernel.text === undefined || kernel.physBase === undefined) return undefined;
  const start = kernel.text & ~0x1fffffn;
  const room = Math.min(Number(base + size - start), MAX_IMAGE);
  const distance = Number(start - base + kernel.physBase);
  const runs = kernel.space.walker
    .mappedRuns(start, room)
    .filter((r) => r.physical !== undefined && r.physical - r.offset === distance);
  let end = 0;
  for (const run of runs) {
    if (run.offset - end > MAX_GAP) break;
    end = run.offset + run.length;
  }
  if (end === 0) return undefined;
  const bytes = new Uint8Array(end);
  for (const run of runs) {
    if (run.offset >= end) break;
    readPresent(kernel.space.memory, run.physical!, bytes.subarray(run.offset, run.offset + run.length));
  }
  return { address: start, bytes };
}

/** Fills in what is present, around all that is not. */
function readPresent(memory: PhysicalMemory, address: PhysAddr, target: Uint8Array): void {
  for (let at = 0; at < target.length; ) {
    const run = memory.runAt(address + at);
    const end = Math.min(target.length, run.end - address);
    if (run.state === 'present') memory.readInto(address + at, target.subarray(at, end));
    at = end;
  }
}
