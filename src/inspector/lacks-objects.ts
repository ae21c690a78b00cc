import { StructPageError } from '../core/errors.ts';
import { processes, taskAt } from '../objects/tasks.ts';
import type { Inspector } from './inspector.ts';

/** Processes that are read of a running machine: its list may change meanwhile. */
const SOME = 16;

/**
 * Why an image does not have the kernel's objects, by which classes and owners of pages are known; undefined if it has them. Captures
 * have none, and some dumps have zeros in their place. The list of processes tells, since it leads through all of memory.
 */
export function lacksObjects(inspector: Inspector): string | undefined {
  const { objects, image } = inspector;
  try {
    let count = 0;
    for (const leader of processes(objects)) {
      taskAt(objects, leader);
      if (++count === SOME && image.live) break;
    }
    return count > 1 ? undefined : "the kernel's list of processes is empty";
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    return `the kernel's objects, by which they are known, cannot be read (${error.message})`;
  }
}
