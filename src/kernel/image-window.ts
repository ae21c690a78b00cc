import type { Architecture } from '../arch/architecture.ts';
import { type PhysAddr, u64, type VirtAddr } from '../core/address.ts';
import type { PageWalker } from '../translate/page-walk.ts';

/** Large pages map the text, at least 2 MiB of it; smaller runs are fixmaps and the like. */
const LEAST = 0x200000;
/** Number of bytes of the window walked at a time, a multiple of LEAST. */
const STEP = 0x1000000;

/**
 * The start of the kernel image in its window: the first mapped page, which is text. Undefined if the architecture has no
 * window.
 */
export function findImageStart(
  walker: PageWalker,
  { image }: Architecture,
): { virtual: VirtAddr; physical: PhysAddr } | undefined {
  if (!image.window) return undefined;
  const { base, size } = image.window;
  // the window is large; what follows the start of the image need not be walked
  for (let at = 0; at < Number(size); ) {
    const length = Math.min(STEP, Number(size) - at);
    const runs = walker.mappedRuns(base + BigInt(at), length);
    const run = runs.find((r) => r.physical !== undefined && r.length >= LEAST);
    if (run?.physical !== undefined)
      return { virtual: base + BigInt(at + run.offset), physical: run.physical };
    // look at a run that is cut off here again from its start
    const last = runs.at(-1)!;
    at += last.physical !== undefined && last.offset > 0 ? last.offset : length;
  }
  return undefined;
}

/** Virtual minus physical address of an image that starts there. */
export function offsetOf({ virtual, physical }: { virtual: VirtAddr; physical: PhysAddr }): bigint {
  return u64(virtual - BigInt(physical));
}
