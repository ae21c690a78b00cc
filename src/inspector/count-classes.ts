import { PAGE_CLASSES } from '../classify/classes.ts';
import { captureOf } from '../formats/elf-notes.ts';
import type { Inspector } from './inspector.ts';

/** Pages that are classified unasked: 16 GiB in pages of 4 KiB. More take seconds. */
const MOST_UNASKED = 2 ** 22;

/** Whether the classes of all pages cost little, and the dump is of the kind that has the kernel's objects. */
export function isQuickToClassify({ image, presentPages }: Inspector): boolean {
  return image.live === undefined && presentPages <= MOST_UNASKED && captureOf(image.notes) !== 'plain';
}

/** The number of pages of each class; holes are left out. */
export function countClasses(inspector: Inspector): Map<string, number> {
  const { codes } = inspector.classes;
  const counts = new Float64Array(PAGE_CLASSES.length);
  for (const code of codes) counts[code]!++;
  const byName = new Map<string, number>();
  for (const [code, { name }] of PAGE_CLASSES.entries()) {
    const count = counts[code]!;
    if (count > 0 && name !== '' && name !== 'hole') byName.set(name, (byName.get(name) ?? 0) + count);
  }
  return byName;
}
