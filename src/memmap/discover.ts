import { hex } from '../core/address.ts';
import { FaultError, LayoutError } from '../core/errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { sectionsByPageTables } from './mapped-sections.ts';
import type { MemoryModel } from './memory-model.ts';
import { readSections, type Sections, sectionSizes } from './sections.ts';
import { sparseModel } from './sparse.ts';

/** A kernel's memory model and what went wrong while it was read. */
export interface Discovered {
  readonly model: MemoryModel;
  readonly warnings: readonly string[];
}

/** Finds out where the struct pages are. Throws LayoutError or FaultError. */
export function discoverMemoryModel(kernel: Kernel, types: TypeFacts): Discovered {
  const size = types.structSize('page') ?? kernel.vmcoreinfo?.size('page');
  if (!size) throw new LayoutError('struct page', `${types.origin} does not say its size`);
  const sections = findSections(kernel, types, size);
  const vmemmap = isVmemmap(kernel, sections);
  const model = sparseModel(sections, size, kernel.pageShift, vmemmap);
  const warnings = [...sections.lost];
  const said = kernel.vmcoreinfo?.symbol('vmemmap');
  if (vmemmap && said !== undefined && said !== model.base) {
    warnings.push(
      `VMCOREINFO says that vmemmap is at ${hex(said)}, mem_section says ${hex(model.base ?? 0n)}; the latter is used`,
    );
  }
  return { model, warnings };
}

/** mem_section, or where a dump has lost it in whole or in part, what the page tables tell of vmemmap. */
function findSections(kernel: Kernel, types: TypeFacts, pageSize: number): Sections {
  try {
    const sections = readSections(kernel, types);
    if (sections.lost.length === 0) return sections;
    return (
      sectionsByPageTables(kernel, pageSize, sections.list, sections, sections.lost.join('; ')) ?? sections
    );
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    const found = sectionsByPageTables(kernel, pageSize, [], sectionSizes(kernel), error.message);
    if (!found) throw error;
    return found;
  }
}

/**
 * Whether the kernel has the struct pages in one virtual array. It has if VMCOREINFO names vmemmap (6.9 on) or the
 * symbol table has the variable; otherwise if all sections agree on one base.
 */
function isVmemmap(kernel: Kernel, sections: Sections): boolean {
  const bases = new Set(sections.list.map((s) => s.base));
  if (bases.size > 1) return false;
  if (kernel.vmcoreinfo?.symbol('vmemmap') !== undefined) return true;
  // the base of a section's own array is meaningless but for section 0; that of vmemmap is in a region of its own
  const base = [...bases][0];
  const { mode } = kernel.space.walker.tables;
  return (
    base === undefined ||
    sections.list.length > 1 ||
    (mode.vmemmap !== undefined && base % mode.vmemmap.alignment === 0n) ||
    // only kernels with vmemmap have the code that maps it (mm/sparse-vmemmap.c)
    ['vmemmap_base', 'vmemmap_alloc_block'].some((name) => kernel.kallsyms?.address(name) !== undefined)
  );
}
