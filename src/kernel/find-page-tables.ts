import type { Architecture, PagingMode } from '../arch/architecture.ts';
import { hex, type PhysAddr, type VirtAddr } from '../core/address.ts';
import { viewOf } from '../core/bytes.ts';
import { qemuControlRegisters } from '../formats/qemu-note.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { PageWalker } from '../translate/page-walk.ts';
import { scanMemory } from './scan-memory.ts';
import type { ScanMeter } from './search.ts';

/** Page tables that proved to map the kernel, and how they were found. */
export interface FoundPageTables {
  readonly walker: PageWalker;
  readonly from: string;
  /** physical = virtual - image base + this, for the kernel's own image; undefined if not known. */
  readonly physBase: bigint | undefined;
}

/** Candidates that were tried and what was wrong with each, for the message when none is right. */
export type Attempt = string;

const PAGE = 4096;
/** A root is a rare thing to look like: more than this many are no memory of a kernel, but noise. */
const MOST_CANDIDATES = 100_000;

const LA57 = 1n << 12n; // CR4 bit: 5-level paging is on (Intel SDM vol. 3, 2.5)

/**
 * The root that VMCOREINFO names. Its virtual address lies in the kernel image, whose physical place is known
 * from NUMBER(phys_base) (arch/x86/kernel/vmcore_info_64.c).
 */
export function pageTablesFromVmcoreinfo(
  image: OpenImage,
  architecture: Architecture,
  info: Vmcoreinfo,
  attempts: Attempt[],
): FoundPageTables | undefined {
  const physBase = info.number('phys_base');
  const name = architecture.rootSymbols.find((s) => info.symbol(s) !== undefined);
  if (physBase === undefined || name === undefined) {
    attempts.push(
      `VMCOREINFO of ${info.release} has no ${physBase === undefined ? 'NUMBER(phys_base)' : 'root page table'}`,
    );
    return undefined;
  }
  const root = info.symbol(name)! - architecture.image.base + physBase;
  const ignoredBits = info.number('sme_mask') ?? 0n;
  const text = info.symbol('_stext') ?? info.symbol('init_uts_ns');
  for (const mode of modesBy(architecture, info.number('pgtable_l5_enabled'))) {
    const walker = new PageWalker(image.memory, {
      architecture,
      mode,
      root: Number(root & ~ignoredBits),
      ignoredBits,
    });
    const wrong = checkImage(walker, architecture, text, physBase);
    if (!wrong) return { walker, from: `${name} and phys_base of VMCOREINFO`, physBase };
    const end = image.memory.runs.reduce((most, r) => Math.max(most, r.end), 0);
    const beyond = root >= BigInt(end) ? `; the image ends at ${hex(end)} already` : '';
    attempts.push(`${mode.name} tables at ${hex(root)} (${name} of ${info.release}): ${wrong}${beyond}`);
  }
  return undefined;
}

/** The root that a CPU had in CR3, from QEMU's notes. With page-table isolation it may be the user's copy. */
export function pageTablesFromRegisters(
  image: OpenImage,
  architecture: Architecture,
  attempts: Attempt[],
): FoundPageTables | undefined {
  for (const note of image.notes) {
    const registers = qemuControlRegisters(note);
    if (!registers) continue;
    const { cr3, cr4 } = registers;
    const frame = cr3 & architecture.entry.frame;
    // the user's copy of the root is the page behind the kernel's, which is aligned to two pages
    for (const root of new Set([frame & ~0x1fffn, frame])) {
      const mode = architecture.pagingModes.find((m) => (m.levels.length === 5) === ((cr4 & LA57) !== 0n));
      if (!mode) continue;
      const walker = new PageWalker(image.memory, {
        architecture,
        mode,
        root: Number(root),
        ignoredBits: 0n,
      });
      const start = findImageStart(walker, architecture);
      if (start) {
        return {
          walker,
          from: `CR3 ${hex(cr3)} of a CPU, from QEMU's note`,
          physBase: BigInt(start.physical) - (start.virtual - architecture.image.base),
        };
      }
      attempts.push(`${mode.name} tables at ${hex(root)} (CR3 ${hex(cr3)}): they map no kernel image`);
    }
  }
  return undefined;
}

/** Whether tables that were found without VMCOREINFO map the kernel's text to where this one says. */
export function agree(tables: FoundPageTables, info: Vmcoreinfo): boolean {
  const physBase = info.number('phys_base');
  const text = info.symbol('_stext');
  if (physBase === undefined || text === undefined) return false;
  return checkImage(tables.walker, tables.walker.tables.architecture, text, physBase) === undefined;
}

/** What is wrong with these tables, if they do not map the kernel's text where VMCOREINFO says it is. */
function checkImage(
  walker: PageWalker,
  architecture: Architecture,
  text: VirtAddr | undefined,
  physBase: bigint,
): string | undefined {
  if (text === undefined) return undefined;
  const { physical, reason, steps } = walker.walk(text);
  if (physical === undefined) {
    return `the kernel's text at ${hex(text)} is not reached (${reason} at ${steps.at(-1)?.level ?? 'the root'})`;
  }
  const expected = text - architecture.image.base + physBase;
  if (BigInt(physical) !== expected) {
    return `the kernel's text at ${hex(text)} is mapped to ${hex(physical)} instead of ${hex(expected)}`;
  }
  return undefined;
}

/** The first mapped page of the kernel image: where its text starts. */
export function findImageStart(
  walker: PageWalker,
  architecture: Architecture,
): { virtual: VirtAddr; physical: PhysAddr } | undefined {
  const { base, size } = architecture.image;
  const runs = walker.mappedRuns(base, Number(size));
  // the text is mapped by large pages, at least 2 MiB of it; smaller runs are fixmaps and the like
  const run = runs.find((r) => r.physical !== undefined && r.length >= 0x200000);
  return run?.physical === undefined
    ? undefined
    : { virtual: base + BigInt(run.offset), physical: run.physical };
}

function modesBy(architecture: Architecture, fiveLevels: bigint | undefined): readonly PagingMode[] {
  if (fiveLevels === undefined) return architecture.pagingModes;
  const wanted = architecture.pagingModes.filter((m) => (m.levels.length === 5) === (fiveLevels !== 0n));
  return wanted.length > 0 ? wanted : architecture.pagingModes;
}

/**
 * Roots found by their content: pages whose upper half leads to 2 MiB pages of kernel text. The last resort, for images with
 * neither VMCOREINFO nor registers. There are many, one for each process, and not all map everything.
 */
export function* pageTablesFromScan(
  image: OpenImage,
  architecture: Architecture,
  attempts: Attempt[],
  meter: ScanMeter,
  progress?: (done: number, total: number) => void,
): Generator<FoundPageTables> {
  const { present, large, frame } = architecture.entry;
  let candidates = 0;
  for (const { address, bytes, fresh } of scanMemory(image.memory, PAGE, meter, progress)) {
    const view = viewOf(bytes);
    const first = (PAGE - (address % PAGE)) % PAGE;
    for (let page = first; page < fresh && page + PAGE <= bytes.length; page += PAGE) {
      const last = view.getBigUint64(page + PAGE - 8, true);
      // entry 511 of every kernel root: a table, writable or not, accessed; its top bits hold no address
      if ((last & present) !== present || (last & large) !== 0n || last >> 52n !== 0n) continue;
      if (image.memory.runAt(Number(last & frame)).state !== 'present') continue;
      if (++candidates > MOST_CANDIDATES) return;
      const root = address + page;
      for (const mode of architecture.pagingModes) {
        const walker = new PageWalker(image.memory, { architecture, mode, root, ignoredBits: 0n });
        if (!plausibleTop(walker, architecture)) continue;
        const start = findImageStart(walker, architecture);
        if (start) {
          yield {
            walker,
            from: `a scan of memory for page tables (found at physical ${hex(root)})`,
            physBase: BigInt(start.physical) - (start.virtual - architecture.image.base),
          };
        }
      }
    }
  }
  attempts.push(
    candidates === 0
      ? 'no page of memory looks like the root of page tables'
      : `${candidates} pages of memory look like the root of page tables`,
  );
}

/**
 * The kernel's own tables, by the symbol of their root: what was found may be a program's, or a copy that lags behind (that of
 * the real-mode trampoline). Undefined unless they map the kernel's text as the others do.
 */
export function pageTablesFromSymbol(
  image: OpenImage,
  found: FoundPageTables,
  symbol: (name: string) => VirtAddr | undefined,
): FoundPageTables | undefined {
  const { physBase } = found;
  const { architecture } = found.walker.tables;
  const text = findImageStart(found.walker, architecture)?.virtual;
  if (physBase === undefined || text === undefined) return undefined;
  for (const name of architecture.rootSymbols) {
    const at = symbol(name);
    if (at === undefined) continue;
    const root = Number(at - architecture.image.base + physBase);
    const walker = new PageWalker(image.memory, { ...found.walker.tables, root });
    if (checkImage(walker, architecture, text, physBase) === undefined) {
      return { walker, from: `${name} of the symbol table, by ${found.from}`, physBase };
    }
  }
  return undefined;
}

/** A quick look before the search through the whole image range: is there any way to the kernel's 1 GiB? */
function plausibleTop(walker: PageWalker, architecture: Architecture): boolean {
  const { steps } = walker.walk(architecture.image.base);
  return steps.length >= walker.tables.mode.levels.length - 1;
}
