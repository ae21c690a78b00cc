import type { Architecture } from '../arch/architecture.ts';
import { type PhysAddr, u64, type VirtAddr } from '../core/address.ts';
import type { PageWalker } from '../translate/page-walk.ts';

/** The text is mapped by large pages, at least 2 MiB of it; smaller runs are fixmaps and the like. */
const LEAST = 0x200000;

/** Where the kernel's image begins in its window: the first mapped page, where its text is. Undefined without a window. */
export function findImageStart(
  walker: PageWalker,
  { image }: Architecture,
): { virtual: VirtAddr; physical: PhysAddr } | undefined {
  if (!image.window) return undefined;
  const { base, size } = image.window;
  const runs = walker.mappedRuns(base, Number(size));
  const run = runs.find((r) => r.physical !== undefined && r.length >= LEAST);
  return run?.physical === undefined
    ? undefined
    : { virtual: base + BigInt(run.offset), physical: run.physical };
}

/** virtual - physical of an image that begins there. */
export function offsetOf({ virtual, physical }: { virtual: VirtAddr; physical: PhysAddr }): bigint {
  return u64(virtual - BigInt(physical));
}
