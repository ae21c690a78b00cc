import { hex, type VirtAddr } from '../core/address.ts';
import type { StructView } from '../core/data-model.ts';
import { FaultError, LayoutError } from '../core/errors.ts';
import { type Range, unite } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { onlineByZones } from './lost-subsections.ts';
import { readZones, type Zone } from './zones.ts';

/** Low bits of section_mem_map that were flags at some time; the pointer has a larger alignment (mmzone.h). */
const FLAGS = 0x3fn;
const PRESENT = 1n;
const HAS_MEM_MAP = 2n;
/** SECTION_IS_ONLINE, since 4.13. */
const IS_ONLINE = 4n;
/** SECTION_IS_EARLY, since 5.3: the whole section existed at boot, so its subsection map does not matter. */
const IS_EARLY = 8n;

/** A section of physical memory with struct pages. */
export interface Section {
  readonly number: number;
  /** The address of the struct page of pfn 0 if the section's array extended down to it. */
  readonly base: VirtAddr;
  /** Its pfns with a struct page. */
  readonly pfns: readonly Range[];
  /** Its online pfns: those for which pfn_to_online_page() returns a page. */
  readonly online: readonly Range[];
}

/** The sections of a kernel and their source. */
export interface Sections {
  readonly list: readonly Section[];
  readonly sectionSizeBits: number;
  readonly maxPhysicalBits: number;
  readonly from: string;
  /** True if mem_section is lost, so that `online` is unknown and has all existing pfns. */
  readonly onlineUnknown?: boolean;
  /** True if subsection maps are lost and only the zones tell what is online. */
  readonly onlineByZones?: boolean;
  /** Parts of the table that could not be read, as sentences for the report. */
  readonly lost: readonly string[];
  /** Page frames assumed online, because nothing tells. */
  readonly open?: readonly Range[];
  /** The kernel has no sections (FLATMEM): `list` has one, which stands for the whole array. */
  readonly isFlat?: true;
  /** Page frames whose struct pages are not at the claimed place. */
  readonly distrusted?: readonly Range[];
}

/** Sections have 16 MiB to 8 GiB on all architectures (SECTION_SIZE_BITS, asm/sparsemem.h). */
const LEAST_SECTION = 24;
const MOST_SECTION = 33;
const ALL: Range = { start: 0, end: Number.POSITIVE_INFINITY };
/** 64 TiB of memory in sections of x86-64; more would be one section repeated. */
const MOST_SECTIONS = 1 << 19;
/** MAX_PHYSMEM_BITS of 64-bit architectures, and of 32-bit ones with sparse memory. */
const LEAST_PHYSICAL = 32;
const MOST_PHYSICAL = 57;

/** The size of sections and the limit of memory. Throws LayoutError for values that no kernel has. */
export function sectionSizes(kernel: Kernel): Pick<Sections, 'sectionSizeBits' | 'maxPhysicalBits'> {
  const { vmcoreinfo: info } = kernel;
  const { mode } = kernel.space.walker.tables;
  const within = (key: string, otherwise: number, least: number, most: number): number => {
    const value = Number(info?.number(key) ?? otherwise);
    if (value >= least && value <= most) return value;
    throw new LayoutError(
      `NUMBER(${key})`,
      `VMCOREINFO says ${value}, and kernels have ${least} to ${most}`,
      'VMCOREINFO is damaged',
    );
  };
  return {
    sectionSizeBits: within('SECTION_SIZE_BITS', mode.sectionSizeBits, LEAST_SECTION, MOST_SECTION),
    maxPhysicalBits: within('MAX_PHYSMEM_BITS', mode.maxPhysicalBits, LEAST_PHYSICAL, MOST_PHYSICAL),
  };
}

/**
 * Reads the kernel's mem_section table (mm/sparse.c), static or in two levels (SPARSEMEM_EXTREME); of `wanted` sections only, if
 * these are given by number.
 */
export function readSections(kernel: Kernel, types: TypeFacts, wanted: Range = ALL): Sections {
  const info = kernel.vmcoreinfo;
  const { space } = kernel;
  const { sectionSizeBits, maxPhysicalBits } = sectionSizes(kernel);
  const structSize = types.structSize('mem_section') ?? info?.size('mem_section') ?? 16;
  const member = types.place('mem_section', 'section_mem_map')?.offset ?? 0;
  if (structSize < 8 || structSize > kernel.pageBytes)
    throw new LayoutError('struct mem_section', `${types.origin} gives it ${structSize} bytes`);
  const total = 2 ** (maxPhysicalBits - sectionSizeBits);
  const perRoot = Math.floor(kernel.pageBytes / structSize);
  const table = findTable(kernel, total, perRoot);
  const pagesPerSection = 2 ** (sectionSizeBits - kernel.pageShift);
  const instead: InsteadOfMaps = { open: [], zones: false };
  const usage = usageReader(kernel, types, instead);
  const list: Section[] = [];
  const lost: string[] = [];

  const take = (view: StructView, first: number): void => {
    for (let i = 0; (i + 1) * structSize <= view.byteLength; i++) {
      const word = view.word(i * structSize + member);
      if ((word & PRESENT) === 0n || (word & HAS_MEM_MAP) === 0n) continue;
      const number = first + i;
      if (number < wanted.start || number >= wanted.end) continue;
      const start = number * pagesPerSection;
      const whole = { start, end: start + pagesPerSection };
      const { existing, online } = usage(view, i * structSize, whole);
      if (list.length === MOST_SECTIONS) {
        throw new LayoutError('mem_section', `it has more than ${MOST_SECTIONS} sections with struct pages`);
      }
      list.push({
        number,
        base: BigInt.asUintN(64, word & ~FLAGS),
        pfns: (word & IS_EARLY) !== 0n ? [whole] : existing,
        online: (word & IS_ONLINE) !== 0n ? online : [],
      });
    }
  };

  if (table.roots) {
    const { wordBytes } = space.model;
    const seen = new Map<VirtAddr, number>();
    const low = Math.min(table.count, Math.floor(wanted.start / perRoot));
    const high = Math.min(table.count, Math.ceil(wanted.end / perRoot));
    const from = table.address + BigInt(low * wordBytes);
    const roots = space.readStruct(from, (high - low) * wordBytes, 'mem_section');
    // a kernel with 5-level page tables has 131,072 of them, nearly all empty
    for (
      let place = roots.nextNonZero(0);
      place < roots.byteLength;
      place = roots.nextNonZero(place + wordBytes)
    ) {
      const root = low + place / wordBytes;
      const at = roots.word(place);
      const before = seen.get(at);
      if (before !== undefined) {
        throw new LayoutError(
          'mem_section',
          `roots ${before} and ${root} of it are both at ${hex(at)}, where each has a page of its own`,
          'Either it is damaged, or the layout is of another kernel',
        );
      }
      seen.set(at, root);
      try {
        take(space.readStruct(at, perRoot * structSize, 'mem_section root'), root * perRoot);
      } catch (error) {
        if (!(error instanceof FaultError)) throw error;
        lost.push(`sections ${root * perRoot} to ${(root + 1) * perRoot - 1} are unknown: ${error.message}`);
      }
    }
  } else take(space.readStruct(table.address, table.count * structSize, 'mem_section'), 0);
  return {
    list,
    sectionSizeBits,
    maxPhysicalBits,
    from: table.from,
    lost,
    open: unite(instead.open),
    onlineByZones: instead.zones,
  };
}

interface SectionTable {
  readonly address: VirtAddr;
  readonly count: number;
  /** Whether `address` holds pointers to pages of mem_section, or mem_section itself. */
  readonly roots: boolean;
  readonly from: string;
}

/**
 * VMCOREINFO's SYMBOL(mem_section) has been the address of the root array since 4.15, because the macro prints the value of
 * the pointer. A symbol table has the address of the pointer.
 */
function findTable(kernel: Kernel, total: number, perRoot: number): SectionTable {
  const info = kernel.vmcoreinfo;
  const said = info?.symbol('mem_section');
  const length = info?.length('mem_section');
  const roots = Math.ceil(total / perRoot);
  if (said !== undefined && length) {
    if (length !== total && length !== roots) {
      throw new LayoutError(
        'LENGTH(mem_section)',
        `VMCOREINFO says ${length}; by its SECTION_SIZE_BITS and MAX_PHYSMEM_BITS there are ${total} sections, with ${perRoot} in a page`,
        'VMCOREINFO, or the size of struct mem_section, is damaged',
      );
    }
    return {
      address: said,
      count: length,
      roots: length < total || perRoot === 1,
      from: 'mem_section of VMCOREINFO',
    };
  }
  const symbol = kernel.kallsyms?.address('mem_section');
  if (symbol === undefined) {
    throw new LayoutError(
      'mem_section',
      'neither VMCOREINFO nor the symbol table has it, so it is not known which page frames have a struct page',
      'Kernels with the DISCONTIGMEM memory model are not supported',
    );
  }
  return {
    address: kernel.space.readWord(symbol, 'mem_section'),
    count: roots,
    roots: true,
    from: 'mem_section of the symbol table',
  };
}

/** The page frames of a section that exist, and those that are online if the section is. */
interface Usage {
  readonly existing: readonly Range[];
  readonly online: readonly Range[];
}
/** What stands for subsection maps that are lost. */
interface InsteadOfMaps {
  /** Nothing: these are taken for online. */
  readonly open: Range[];
  /** Whether zones do for some section. */
  zones: boolean;
}

type UsageReader = (section: StructView, at: number, whole: Range) => Usage;

/** Size of a subsection in bytes (SUBSECTION_SHIFT, include/linux/mmzone.h). */
const SUBSECTION = 2 ** 21;

/**
 * The bits of subsection_map tell which 2 MiB of a section exist (since 5.3). A section disappears with its last bit
 * (section_deactivate(), mm/sparse.c), so a map of zeros is one that the dump lacks.
 */
function usageReader(kernel: Kernel, types: TypeFacts, instead: InsteadOfMaps): UsageReader {
  const usage = types.place('mem_section', 'usage')?.offset;
  const map = types.place('mem_section_usage', 'subsection_map');
  if (usage === undefined) return (_section, _at, whole) => ({ existing: [whole], online: [whole] });
  let zones: readonly Zone[] | undefined;
  const byZones = (whole: Range, per: number): readonly Range[] | undefined => {
    zones ??= readZones(kernel, types);
    instead.zones = true;
    return onlineByZones(whole, per, zones);
  };
  const lost = (whole: Range, per: number): Usage => {
    const online = byZones(whole, per);
    if (!online) instead.open.push(whole);
    return { existing: [whole], online: online ?? [whole] };
  };
  return (section, at, whole) => {
    const address = section.word(at + usage);
    if (address === 0n) return { existing: [whole], online: [whole] };
    const pages = whole.end - whole.start;
    const subsections = Math.ceil((pages * kernel.pageBytes) / SUBSECTION);
    if (!map?.size) return lost(whole, pages / subsections);
    const bits = Math.min(map.size * 8, subsections);
    const per = pages / bits;
    try {
      const bitmap = kernel.space.readStruct(address + BigInt(map.offset), map.size, 'mem_section_usage');
      const ranges: Range[] = [];
      for (let bit = 0; bit < bits; bit++) {
        const start = whole.start + bit * per;
        if (bitmap.bit(0, bit)) ranges.push({ start, end: start + per });
      }
      const existing = ranges.length > 0 ? unite(ranges) : (byZones(whole, per) ?? []);
      return { existing, online: existing };
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      return lost(whole, per);
    }
  };
}
