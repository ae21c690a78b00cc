import { hex, type VirtAddr } from '../core/address.ts';
import { FaultError } from '../core/errors.ts';
import { intersect, type Range, unite } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Section, Sections } from './sections.ts';

/**
 * Finds the sections of a kernel whose mem_section is lost, through the page tables of vmemmap: the kernel maps the struct
 * pages of all its sections and of no others (sparse_add_section(), vmemmap_populate()). With several nodes, each has its
 * page array and page tables in its own memory, but mem_section is in the memory of one node. The page tables do not tell
 * which sections are online.
 *
 * `known` are the sections that mem_section gave before it became unreadable. Returns undefined if vmemmap cannot be found.
 */
export function sectionsByPageTables(
  kernel: Kernel,
  pageSize: number,
  known: readonly Section[],
  sizes: Pick<Sections, 'sectionSizeBits' | 'maxPhysicalBits'>,
  why: string,
): Sections | undefined {
  const base = known[0]?.base ?? baseOf(kernel);
  if (base === undefined) return undefined;
  const { walker } = kernel.space;
  const pages = 2 ** (sizes.sectionSizeBits - kernel.pageShift);
  const bytes = pages * pageSize;
  const numbers = new Set(known.map((s) => s.number));
  const list: Section[] = [...known];
  const lost: Range[] = [];
  for (let number = 0; number < 2 ** (sizes.maxPhysicalBits - sizes.sectionSizeBits); ) {
    const at = base + BigInt(number) * BigInt(bytes);
    // an entry that maps nothing, or whose table is missing, decides for its whole span
    const { physical, reason, span } = walker.walk(at);
    if (physical === undefined && span >= bytes) {
      const next = number + Math.max(1, Math.ceil((span - Number(at & BigInt(span - 1))) / bytes));
      if (reason !== 'not-mapped') lost.push({ start: number * pages, end: next * pages });
      number = next;
      continue;
    }
    const pfns = mappedPfns(kernel, at, bytes, pageSize, number * pages);
    if (pfns.length > 0 && !numbers.has(number)) list.push({ number, base, pfns, online: pfns });
    number++;
  }
  if (list.length === 0) return undefined;
  const most = maxPfn(kernel);
  const unknown = most === undefined ? unite(lost) : intersect(unite(lost), [{ start: 0, end: most }]);
  return {
    ...sizes,
    list: list.sort((a, b) => a.number - b.number),
    from: 'the page tables of vmemmap',
    onlineUnknown: true,
    lost: [
      `${why}; the page tables of vmemmap tell which page frames have a struct page, but not which are online, so kpageflags and kpagecount are not available`,
      ...unknown.map(
        ({ start, end }) =>
          `page frames ${start} to ${end - 1} may have struct pages, too: the page tables that lead to them are not in the dump`,
      ),
    ],
  };
}

/** Page frames of a section whose struct pages are mapped completely. */
function mappedPfns(kernel: Kernel, at: VirtAddr, bytes: number, pageSize: number, first: number): Range[] {
  const runs = kernel.space.walker.mappedRuns(at, bytes).filter((r) => r.physical !== undefined);
  return unite(
    unite(runs.map((r) => ({ start: r.offset, end: r.offset + r.length }))).map(({ start, end }) => ({
      start: first + Math.ceil(start / pageSize),
      end: first + Math.floor(end / pageSize),
    })),
  );
}

/** The start of vmemmap: from VMCOREINFO (since 6.9), from the kernel's variable if KASLR moves it, or its fixed place. */
function baseOf(kernel: Kernel): VirtAddr | undefined {
  const said = kernel.vmcoreinfo?.symbol('vmemmap');
  if (said !== undefined) return said;
  const variable = kernel.kallsyms?.address('vmemmap_base');
  const base =
    variable === undefined
      ? kernel.kallsyms && kernel.space.walker.tables.mode.vmemmap?.base
      : wordAt(kernel, variable);
  const alignment = kernel.space.walker.tables.mode.vmemmap?.alignment ?? 1n;
  return base !== undefined && base % alignment === 0n && kernel.space.walker.isCanonical(base)
    ? base
    : undefined;
}

/** The number of page frames up to the last one of RAM (max_pfn). */
function maxPfn(kernel: Kernel): number | undefined {
  const variable = kernel.kallsyms?.address('max_pfn');
  const value = variable === undefined ? undefined : wordAt(kernel, variable);
  return value !== undefined && value > 0n && value < 2n ** 40n ? Number(value) : undefined;
}

/** The start of vmemmap in the kernel's variable, if KASLR moves it. */
export function variableBase(kernel: Kernel): VirtAddr | undefined {
  const variable = kernel.kallsyms?.address('vmemmap_base');
  return variable === undefined ? undefined : wordAt(kernel, variable);
}

function wordAt(kernel: Kernel, address: VirtAddr): bigint | undefined {
  try {
    return kernel.space.readWord(address, hex(address));
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}
