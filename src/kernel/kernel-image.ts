import type { Architecture } from '../arch/architecture.ts';
import { hex, type PhysAddr, type VirtAddr } from '../core/address.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { AddressSpace } from '../translate/address-space.ts';

/** The kernel's own image in memory. */
export interface KernelImage {
  /** Virtual address of bytes[0]. */
  readonly address: VirtAddr;
  readonly bytes: Uint8Array;
}

/** A kernel whose text has been found. */
export interface Located {
  readonly space: AddressSpace;
  readonly architecture: Architecture;
  readonly text: VirtAddr | undefined;
  readonly imageOffset: bigint | undefined;
}

/** The image starts at a large page. */
const ALIGNMENT = 0x1fffffn;
/** No kernel image is larger; modules and fixmaps follow it in its window. */
export const MAX_IMAGE: number = 256 * 1024 * 1024;
/** A larger gap in the mapping ends the image; freed init memory leaves smaller ones. */
const MAX_GAP = 32 * 1024 * 1024;

/**
 * Reads text, read-only data and data of the kernel as one piece: everything mapped in the window of the image that has the
 * image's distance between virtual and physical addresses. Parts that cannot be read are zeros, which no table of the
 * kernel has in its middle.
 */
export function readImage(kernel: Located): KernelImage | undefined {
  const runs = imageRuns(kernel);
  const last = runs.at(-1);
  if (!last || kernel.text === undefined) return undefined;
  const bytes = new Uint8Array(last.offset + last.length);
  for (const run of runs) {
    readPresent(kernel.space.memory, run.physical, bytes.subarray(run.offset, run.offset + run.length));
  }
  return { address: kernel.text & ~ALIGNMENT, bytes };
}

/** Tells how much of the kernel image the dump lacks, for messages; undefined if nothing is missing. */
export function missingOfImage(kernel: Located): string | undefined {
  const { memory } = kernel.space;
  let lost = 0;
  let total = 0;
  let why = '';
  const runs = imageRuns(kernel);
  for (const { physical, length } of runs) {
    total += length;
    for (let at = physical; at < physical + length; ) {
      const run = memory.runAt(at);
      const end = Math.min(run.end, physical + length);
      if (run.state !== 'present') {
        lost += end - at;
        why ||= run.state;
      }
      at = end;
    }
  }
  const [first] = runs;
  if (!first || lost === 0) return undefined;
  return `the kernel's image lies at physical ${hex(first.physical)}, and the dump lacks ${mib(lost)} of its ${mib(total)} MiB (${why})`;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** The parts of the image, by their distance from its start. */
function imageRuns(kernel: Located): { offset: number; length: number; physical: number }[] {
  const { window } = kernel.architecture.image;
  if (kernel.text === undefined || kernel.imageOffset === undefined) return [];
  const start = kernel.text & ~ALIGNMENT;
  const room = window ? Math.min(Number(window.base + window.size - start), MAX_IMAGE) : MAX_IMAGE;
  const distance = Number(BigInt.asIntN(64, start - kernel.imageOffset));
  const runs = kernel.space.walker
    .mappedRuns(start, room)
    .flatMap(({ offset, length, physical }) =>
      physical !== undefined && physical - offset === distance ? [{ offset, length, physical }] : [],
    );
  let end = 0;
  const found = [];
  for (const run of runs) {
    if (run.offset - end > MAX_GAP) break;
    end = run.offset + run.length;
    found.push(run);
  }
  return found;
}

/** Fills in what is present around a part that is not. */
function readPresent(memory: PhysicalMemory, address: PhysAddr, target: Uint8Array): void {
  for (let at = 0; at < target.length; ) {
    const run = memory.runAt(address + at);
    const end = Math.min(target.length, run.end - address);
    if (run.state === 'present') memory.readInto(address + at, target.subarray(at, end));
    at = end;
  }
}
