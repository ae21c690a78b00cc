import { hex } from '../core/address.ts';
import { FaultError, LayoutError } from '../core/errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { readFlatMap } from './flat.ts';
import { sectionsByPageTables, variableBase } from './mapped-sections.ts';
import type { MemoryModel } from './memory-model.ts';
import { readSections, type Sections, sectionSizes } from './sections.ts';
import { sparseModel } from './sparse.ts';

/** A kernel's memory model and the problems found while reading it. */
export interface Discovered {
  readonly model: MemoryModel;
  readonly warnings: readonly string[];
}

/** Finds the struct pages. Throws LayoutError or FaultError. */
export function discoverMemoryModel(kernel: Kernel, types: TypeFacts): Discovered {
  const size = types.structSize('page') ?? kernel.vmcoreinfo?.size('page');
  if (!size) throw new LayoutError('struct page', `${types.origin} does not say its size`);
  const flat = readFlatMap(kernel, types, size);
  if (flat) return { model: sparseModel(flat, size, kernel.pageShift, true), warnings: flat.lost };
  const sections = wrapped(kernel, withOneBase(kernel, findSections(kernel, types, size)), size);
  const vmemmap = isVmemmap(kernel, sections);
  const model = sparseModel(sections, size, kernel.pageShift, vmemmap);
  const warnings = [
    ...sections.lost,
    ...(sections.open ?? []).map(
      ({ start, end }) =>
        `neither subsection maps nor zones tell which of page frames ${start} to ${end - 1} are online: kpageflags and kpagecount take all for online`,
    ),
  ];
  const said = kernel.vmcoreinfo?.symbol('vmemmap');
  if (vmemmap && model.base !== undefined) {
    const { alignment } = kernel.space.walker.tables.mode.vmemmap ?? { alignment: 1n };
    if (model.base % alignment !== 0n) {
      throw new LayoutError(
        'mem_section',
        `it says that vmemmap is at ${hex(model.base)}, which is no multiple of ${hex(alignment)}`,
        'Either mem_section is damaged, or the layout is of another kernel',
      );
    }
    if (said !== undefined && said !== model.base) {
      const contradiction = `VMCOREINFO says that vmemmap is at ${hex(said)}, mem_section says ${hex(model.base)}`;
      if (variableBase(kernel) !== model.base) {
        throw new LayoutError('mem_section', contradiction, 'Either of the two is damaged');
      }
      warnings.push(`${contradiction}, and so does vmemmap_base; VMCOREINFO is not believed`);
    }
  }
  return { model, warnings };
}

/**
 * If the kernel has one array for all sections, they all name its start. A section that names another is damaged; this is
 * reported, and the start in VMCOREINFO or that of most sections is used.
 */
function withOneBase(kernel: Kernel, sections: Sections): Sections {
  const votes = new Map<bigint, number>();
  for (const { base } of sections.list) votes.set(base, (votes.get(base) ?? 0) + 1);
  const said = kernel.vmcoreinfo?.symbol('vmemmap') ?? (votes.size > 1 ? variableBase(kernel) : undefined);
  if (votes.size < 2 || (said === undefined && !mapsVmemmap(kernel))) return sections;
  const most = [...votes].sort((a, b) => b[1] - a[1])[0]!;
  const base = said !== undefined && votes.has(said) ? said : most[0];
  const others = sections.list.filter((s) => s.base !== base);
  return {
    ...sections,
    list: sections.list.map((s) => ({ ...s, base })),
    lost: [
      ...sections.lost,
      ...others.map(
        (s) =>
          `mem_section says of section ${s.number} that its struct pages count from ${hex(s.base)}, where those of others count from ${hex(base)}: the latter is taken`,
      ),
    ],
  };
}

/** Addresses of 32-bit kernels wrap at 4 GiB: a base that is so far below its section is a negative number. */
function wrapped({ space }: Kernel, sections: Sections, pageSize: number): Sections {
  if (space.model.wordBytes === 8) return sections;
  const list = sections.list.map((section) => {
    const distance = BigInt(section.pfns[0]?.start ?? 0) * BigInt(pageSize);
    return { ...section, base: BigInt.asUintN(32, section.base + distance) - distance };
  });
  return { ...sections, list };
}

/** Reads mem_section, or the page tables of vmemmap where a dump has lost all or part of it. */
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
 * Whether the kernel has its struct pages in one virtual array: VMCOREINFO names vmemmap (since 6.9), the symbol table has
 * the variable, or all sections agree on one base.
 */
function isVmemmap(kernel: Kernel, sections: Sections): boolean {
  const bases = new Set(sections.list.map((s) => s.base));
  if (bases.size > 1) return false;
  if (kernel.vmcoreinfo?.symbol('vmemmap') !== undefined) return true;
  // the base of a separate array is meaningless except for section 0; that of vmemmap is in a window of its own
  const base = [...bases][0];
  const { mode } = kernel.space.walker.tables;
  return (
    base === undefined ||
    sections.list.length > 1 ||
    (mode.vmemmap !== undefined && base % mode.vmemmap.alignment === 0n) ||
    mapsVmemmap(kernel)
  );
}

/** Only kernels with vmemmap have the code that maps it (mm/sparse-vmemmap.c). */
function mapsVmemmap(kernel: Kernel): boolean {
  return ['vmemmap_base', 'vmemmap_alloc_block'].some((name) => kernel.kallsyms?.address(name) !== undefined);
}
