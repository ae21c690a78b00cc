import { LayoutError } from '../core/errors.ts';
import { findBtf } from '../kernel/find-btf.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { factsFromBtf } from '../layout/from-btf.ts';
import type { TypeFacts } from '../layout/type-facts.ts';

/** The types of the kernel, by the order of evidence: its own BTF, a file that the user names, the layout registry. */
export interface FoundTypes {
  readonly types: TypeFacts;
  /** In words, for `info`. */
  readonly from: string;
  readonly warnings: readonly string[];
}

/** What a user can name. */
export interface TypeOptions {
  /** A vmlinux, a BTF file or a layouts/ file that is to be used instead of what the image has. */
  readonly layout?: TypeFacts;
}

/** Throws LayoutError that says what would help when there are no types to be had. */
export function findTypes(kernel: Kernel, options: TypeOptions): FoundTypes {
  if (options.layout) return { types: options.layout, from: options.layout.origin, warnings: [] };
  const problems: string[] = [];
  const found = findBtf(kernel, problems);
  if (found)
    return {
      types: factsFromBtf(found.btf, 'BTF in the image', 'btf-in-image'),
      from: found.from,
      warnings: [],
    };
  throw new LayoutError(
    'struct page',
    `the image has no BTF that can be read${problems.length > 0 ? ` (${problems.join('; ')})` : ''}`,
    `Name the vmlinux, or a BTF or layout file, of kernel ${kernel.release || 'of this dump'} with --layout`,
  );
}
