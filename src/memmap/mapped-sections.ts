import { hex, type VirtAddr } from '../core/address.ts';
import { FaultError } from '../core/errors.ts';
import { intersect, type Range, unite } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Section, Sections } from './sections.ts';

/**
 * The sections of a kernel whose mem_section is lost, by the page tables of vmemmap: the kernel maps the struct pages of every
 * section that it has, and of no other (sparse_add_section(), vmemmap_populate()). On a machine with several nodes each has its page
 * array and its page tables in its own memory, but mem_section lies in that of one. Which sections are online is not told.
 *
 * `known` are those that mem_section told of before it could not be read on. Undefined where vmemmap cannot be found.
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
    // what an entry says, or would say if its table were there, is said for all of its span
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

/** Page frames of a section whose struct pages are mapped in whole. */
function mappedPfns(kernel: Kernel, at: VirtAddr, bytes: number, pageSize: number, first: number): Range[] {
  const runs = kernel.space.walker.mappedRuns(at, bytes).filter((r) => r.physical !== undefined);
  return unite(
    unite(runs.map((r) => ({ start: r.offset, end: r.offset + r.length }))).map(({ start, end }) => ({
      start: first + Math.ceil(start / pageSize),
      end: first + Math.floor(end / pageSize),
    })),
  );
}

/** The start of vmemmap: VMCOREINFO (6.9 on), the kernel's variable where KASLR moves it, or where it always is. */
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

/** The number of page frames up to the last one of RAM, as the kernel's max_pfn has it. */
function maxPfn(kernel: Kernel): number | undefined {
  const variable = kernel.kallsyms?.address('max_pfn');
  const value = variable === undefined ? undefined : wordAt(kernel, variable);
  return value !== undefined && value > 0n && value < 2n ** 40n ? Number(value) : undefined;
}

/** The start of vmemmap in the variable of kernels that KASLR moves it for. */
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
