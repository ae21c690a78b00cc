import { readOr } from '../core/errors.ts';
import { processes } from '../objects/tasks.ts';
import type { Inspector } from './inspector.ts';

/** Whether an image has the kernel's objects, by which classes and owners of pages are known. Captures have none. */
export function hasObjects(inspector: Inspector): boolean {
  return readOr(false, () => {
    const [first, second] = processes(inspector.objects);
    return first !== undefined && second !== undefined;
  });
}
