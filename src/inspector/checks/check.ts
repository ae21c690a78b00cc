import { LayoutError } from '../../core/errors.ts';
import type { Inspector } from '../inspector.ts';

/** A check that a layout passed, for `layout check`. */
export interface PassedCheck {
  readonly check: string;
  readonly evidence: string;
}

/**
 * SEAM: a check of the facts about an image against the image itself, before the first row is printed. To add one: write a
 * file with such an object, and add it to the list in `registry.ts`. A check compares at least two independent sources,
 * reads little (a few thousand struct pages), and passes if a source is missing.
 */
export interface Check {
  readonly name: string;
  /** Returns what holds, in a sentence, or undefined if there was nothing to compare. Throws LayoutError. */
  run(inspector: Inspector): string | undefined;
}

/** Throws the LayoutError for a layout that contradicts the memory. */
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
