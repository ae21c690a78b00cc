import { LayoutError } from '../../core/errors.ts';
import type { Inspector } from '../inspector.ts';

/** One check that a layout passed, for `layout check`. */
export interface PassedCheck {
  readonly check: string;
  readonly evidence: string;
}

/**
 * SEAM: a check of what was found out of an image against the image itself, before the first row is printed. To add one: write a file
 * with such an object, and put it into the list of `registry.ts`. A check compares at least two sources that do
 * not know of one another, reads little (a few thousand struct pages), and passes where a source is missing.
 */
export interface Check {
  readonly name: string;
  /** What holds, in a sentence; undefined where nothing could be compared. Throws LayoutError. */
  run(inspector: Inspector): string | undefined;
}

/** Throws the LayoutError of a layout that the memory contradicts. */
export function refuse(inspector: Inspector, member: string, evidence: string): never {
  const { layout } = inspector;
  const named = inspector.types.confidence === 'layout-named' || inspector.types.confidence === 'btf-file';
  throw new LayoutError(
    member,
    `the layout from ${layout.origin} contradicts the memory: ${evidence}`,
    named
      ? 'It belongs to another kernel; omit --layout, or name the vmlinux of this kernel'
      : 'Either the layout is of another kernel, or the image is damaged',
  );
}
