import type { Architecture, PagingMode } from '../arch/architecture.ts';
import { hex, type VirtAddr } from '../core/address.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { PageWalker } from '../translate/page-walk.ts';
import { imageOffsets, offsetLines, physicalInImage } from './image-offset.ts';
import { findImageStart } from './image-window.ts';
import { vmemmapRegions } from './vmemmap-list.ts';

/** Page tables that map the kernel, and how they were found. */
export interface FoundPageTables {
  readonly walker: PageWalker;
  readonly from: string;
  /** Virtual minus physical address of the kernel image; undefined if unknown. */
  readonly imageOffset: bigint | undefined;
}

/** The candidates that were tried and what is wrong with each, for the message if none is right. */
export type Attempt = string;

/**
 * Finds the root that VMCOREINFO names. Its virtual address is in the kernel image, whose physical address VMCOREINFO also
 * has (arch/<arch>/kernel/vmcore_info.c, machine_kexec.c).
 */
export function pageTablesFromVmcoreinfo(
  image: OpenImage,
  architecture: Architecture,
  info: Vmcoreinfo,
  attempts: Attempt[],
): FoundPageTables | undefined {
  const offsets = imageOffsets(architecture, info, image.memory);
  const name = architecture.rootSymbols.find((s) => info.symbol(s) !== undefined);
  if (offsets.length === 0 || name === undefined) {
    attempts.push(
      `VMCOREINFO of ${info.release} has no ${offsets.length === 0 ? offsetLines(architecture) : 'root page table'}`,
    );
    return undefined;
  }
  const modes = modesBy(architecture, info);
  if (modes.length === 0) {
    const known = [...new Set(architecture.pagingModes.map((m) => m.name))].join(', ');
    attempts.push(
      `VMCOREINFO of ${info.release} (${architecture.name}, pages of ${info.pageSize} bytes) fits no kind of page tables that is known: ${known}`,
    );
  }
  const ignoredBits =
    architecture.ignoredBits === undefined ? 0n : (info.number(architecture.ignoredBits) ?? 0n);
  const text = info.symbol('_stext') ?? info.symbol('init_uts_ns');
  for (const [rank, imageOffset] of offsets.entries()) {
    const root = physicalInImage(info.symbol(name)!, imageOffset);
    for (const mode of modes) {
      const regions = mode.vmemmapList ? vmemmapRegions(image.memory, architecture, mode, info) : [];
      const walker = new PageWalker(image.memory, {
        architecture,
        mode,
        root: Number(root & ~ignoredBits),
        ignoredBits,
        regions: regions ?? [],
      });
      const wrong = regions
        ? checkImage(walker, text, imageOffset)
        : 'vmemmap_list, which tells where the page array is, cannot be read';
      if (!wrong) {
        const from = `${name} and ${architecture.image.window ? 'phys_base' : 'the place of the image'} of VMCOREINFO`;
        return { walker, from, imageOffset };
      }
      // do not explain the last guesses
      if (rank > 0) continue;
      const end = image.memory.runs.reduce((most, r) => Math.max(most, r.end), 0);
      const beyond = root >= BigInt(end) ? `; the image ends at ${hex(end)} already` : '';
      attempts.push(`${mode.name} tables at ${hex(root)} (${name} of ${info.release}): ${wrong}${beyond}`);
    }
  }
  return undefined;
}

/** Whether tables that were found without VMCOREINFO map the kernel's text to the place that VMCOREINFO names. */
export function agree(image: OpenImage, { walker }: FoundPageTables, info: Vmcoreinfo): boolean {
  const text = info.symbol('_stext');
  if (text === undefined) return false;
  return imageOffsets(walker.tables.architecture, info, image.memory).some(
    (offset) => checkImage(walker, text, offset) === undefined,
  );
}

/** What is wrong with these tables, if they do not map the kernel's text to its place. */
function checkImage(walker: PageWalker, text: VirtAddr | undefined, imageOffset: bigint): string | undefined {
  if (text === undefined) return undefined;
  const { physical, reason, steps } = walker.walk(text);
  if (physical === undefined) {
    return `the kernel's text at ${hex(text)} is not reached (${reason} at ${steps.at(-1)?.level ?? 'the root'})`;
  }
  const expected = physicalInImage(text, imageOffset);
  if (BigInt(physical) !== expected) {
    return `the kernel's text at ${hex(text)} is mapped to ${hex(physical)} instead of ${hex(expected)}`;
  }
  return undefined;
}

/** The modes that VMCOREINFO does not rule out. */
function modesBy(architecture: Architecture, info: Vmcoreinfo): readonly PagingMode[] {
  return architecture.pagingModes.filter(
    (mode) =>
      2 ** mode.pageShift === info.pageSize &&
      (mode.stated ?? []).every(({ name, values }) => {
        const said = info.value(name);
        return said === undefined || values.includes(said);
      }),
  );
}

/**
 * Finds the kernel's own tables by the symbol of their root. Those found so far may belong to a process, or be an outdated
 * copy (that of the real-mode trampoline). Undefined unless they map the kernel's text like the others.
 */
export function pageTablesFromSymbol(
  image: OpenImage,
  found: FoundPageTables,
  symbol: (name: string) => VirtAddr | undefined,
): FoundPageTables | undefined {
  const { imageOffset } = found;
  const { architecture } = found.walker.tables;
  const text = findImageStart(found.walker, architecture)?.virtual;
  if (imageOffset === undefined || text === undefined) return undefined;
  for (const name of architecture.rootSymbols) {
    const at = symbol(name);
    if (at === undefined) continue;
    const root = Number(physicalInImage(at, imageOffset));
    const walker = new PageWalker(image.memory, { ...found.walker.tables, root });
    if (checkImage(walker, text, imageOffset) === undefined) {
      return { walker, from: `${name} of the symbol table, by ${found.from}`, imageOffset };
    }
  }
  return undefined;
}
