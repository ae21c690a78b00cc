import type { Architecture } from '../arch/architecture.ts';
import { ARCHITECTURES } from '../arch/registry.ts';
import { hex } from '../core/address.ts';
import { cString } from '../core/bytes.ts';
import { ELF_MACHINES, machineName } from '../core/elf-machines.ts';
import { FaultError, FormatError, UnsupportedError } from '../core/errors.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { lossesOf } from '../sources/losses.ts';
import {
  type Attempt,
  agree,
  type FoundPageTables,
  pageTablesFromSymbol,
  pageTablesFromVmcoreinfo,
} from './find-page-tables.ts';
import { type FoundVmcoreinfo, findVmcoreinfo, statedRelease } from './find-vmcoreinfo.ts';
import { Kernel } from './kernel.ts';
import { pageTablesFromRegisters, pageTablesFromScan } from './scan-page-tables.ts';
import { KernelSearch, ScanMeter } from './search.ts';

/** Receives the progress of slow searches; `total` may be 0 if it is unknown. */
export type Progress = (what: string, done: number, total: number) => void;

/** The state of the search for a kernel. */
interface Hunt {
  readonly image: OpenImage;
  readonly architectures: readonly Architecture[];
  /** Why the candidates so far were refused. */
  readonly attempts: Attempt[];
  /** VMCOREINFO whose own page tables were refused. */
  readonly stated: FoundVmcoreinfo[];
  readonly search: KernelSearch;
  readonly progress: Progress | undefined;
}

/** Page tables that map a kernel image without symbols may belong to a process; the maximum number tried. */
const MOST_WITHOUT_SYMBOLS = 4;
/** struct new_utsname: the release, the version and the machine have 65 bytes each (include/uapi/linux/utsname.h). */
const MACHINE_BEHIND_RELEASE = 130;
/** Maximum number of reasons reported for refusing VMCOREINFO. */
const MOST_REFUSALS = 4;
/**
 * Maximum number of VMCOREINFO kept although their own page tables were refused, since other tables may agree with them.
 */
const MOST_STATED = 16;

/**
 * Finds the kernel in an image: VMCOREINFO and page tables that prove each other. In order of cost: the note, the
 * registers, a scan for VMCOREINFO, a scan for page tables. Throws UnsupportedError for an unsupported machine, and
 * FormatError with everything that was tried if there is no kernel.
 */
export function openKernel(image: OpenImage, name: string, progress?: Progress): Kernel {
  const attempts: Attempt[] = [];
  const hunt: Hunt = {
    image,
    architectures: candidates(image, name),
    attempts,
    stated: [],
    search: new KernelSearch(),
    progress,
  };
  const kernel = byVmcoreinfo(hunt) ?? byScan(hunt);
  if (kernel) return kernel;
  throw new FormatError({
    file: name,
    expected: 'the memory of a Linux kernel: VMCOREINFO, or page tables that map a kernel image',
    found: `none:\n  - ${[...new Set(attempts)].slice(0, 12).join('\n  - ')}`,
    ...adviceFor(image),
  });
}

/** The remedy; nothing if the message already says what is wrong with the file. */
function adviceFor({ warnings, memory }: OpenImage): { advice?: string } {
  if (warnings.length > 0 || lossesOf(memory)) return {};
  return {
    advice:
      'Either this is not the memory of a Linux kernel, or too much of it is filtered out or cut off. In that case take a complete dump with VMCOREINFO (QEMU: -device vmcoreinfo)',
  };
}

function byVmcoreinfo({
  image,
  architectures,
  attempts,
  stated,
  search,
  progress,
}: Hunt): Kernel | undefined {
  const meter = new ScanMeter();
  const infos = findVmcoreinfo(image, meter, architectures, (done, total) =>
    progress?.('looking for the kernel', done, total),
  );
  const hasNote = image.vmcoreinfo !== undefined || image.notes.some((n) => n.name === 'VMCOREINFO');
  if (!hasNote) search.add('note', 'the file has none with VMCOREINFO');
  let triedRegisters = false;
  for (;;) {
    // the registers cost nothing; the next VMCOREINFO may cost a scan of all memory
    if (!triedRegisters && (!hasNote || attempts.length > 0)) {
      triedRegisters = true;
      for (const architecture of architectures) {
        const tables = pageTablesFromRegisters(image, architecture, attempts);
        search.add('registers', tables?.from ?? 'the file has none that lead to a kernel');
        if (tables) return settle(image, tables, stated, search);
      }
    }
    const next = meter.run(() => infos.next());
    if (next.done) break;
    const { info, from } = next.value;
    for (const architecture of architectures) {
      const tables = pageTablesFromVmcoreinfo(image, architecture, info, attempts);
      if (!tables) {
        if (stated.length < MOST_STATED) stated.push(next.value);
        continue;
      }
      const kernel = new Kernel(image, tables, next.value, undefined, search);
      const wrong = checkRelease(kernel, info);
      if (!wrong) {
        search.add(
          'VMCOREINFO',
          `${from}: its page tables map the kernel's text to where its phys_base says, and init_uts_ns holds its release`,
          meter,
        );
        return kernel;
      }
      attempts.push(`${from}: ${wrong}`);
    }
  }
  search.add(
    'VMCOREINFO',
    ['none that holds', ...new Set(attempts.slice(0, MOST_REFUSALS))].join('; '),
    meter,
  );
  attempts.push(`no VMCOREINFO that holds in the notes or in ${scanned(meter)}`);
  return undefined;
}

function byScan({ image, architectures, attempts, stated, search, progress }: Hunt): Kernel | undefined {
  let first: Kernel | undefined;
  for (const architecture of architectures) {
    const meter = new ScanMeter();
    const all = pageTablesFromScan(image, architecture, attempts, meter, (done, total) =>
      progress?.('looking for page tables', done, total),
    );
    for (let tried = 0; tried < MOST_WITHOUT_SYMBOLS; tried++) {
      const next = meter.run(() => all.next());
      if (next.done) break;
      const own = new KernelSearch();
      const kernel = settle(image, next.value, stated, own);
      first ??= kernel;
      if (!kernel.kallsyms) continue;
      search.add('page tables', next.value.from, meter);
      search.steps.push(...own.steps);
      return withTables(kernel, kernel.tables, search);
    }
    search.add('page tables', first ? first.from.pageTables : 'none that lead to a kernel image', meter);
  }
  return first;
}

/**
 * Makes a kernel from tables that were found without VMCOREINFO: looks for VMCOREINFO, and for the kernel's own tables if
 * symbols lead to them.
 */
function settle(
  image: OpenImage,
  tables: FoundPageTables,
  stated: readonly FoundVmcoreinfo[],
  search: KernelSearch,
): Kernel {
  // the dump may have lost the root that VMCOREINFO names
  const found = stated.find((s) => agree(image, tables, s.info));
  if (found)
    search.add(
      'VMCOREINFO',
      `${found.from}: the page tables map the kernel's text to where its phys_base says`,
    );
  const kernel = new Kernel(image, tables, found, undefined, search);
  const better = pageTablesFromSymbol(image, tables, (name) => kernel.symbol(name));
  return better ? withTables(kernel, better, search) : kernel;
}

/** The same kernel with other tables; keeps its symbols. */
function withTables(kernel: Kernel, tables: FoundPageTables, search: KernelSearch): Kernel {
  const { image, found, kallsymsTables, symbolsFrom } = kernel;
  return new Kernel(image, tables, found, kallsymsTables, search, symbolsFrom);
}

function scanned({ bytes, blank }: ScanMeter): string {
  if (bytes === 0) return 'memory, of which nothing is in the file';
  return `the ${Math.ceil(bytes / 2 ** 20)} MiB of memory${blank ? ', all of which is zeros' : ''}`;
}

function candidates(image: OpenImage, name: string): readonly Architecture[] {
  if (image.machine === undefined) return ARCHITECTURES;
  const fitting = ARCHITECTURES.filter((a) => a.elfMachine === image.machine);
  if (fitting.length > 0) return fitting;
  const release = statedRelease(image);
  throw new UnsupportedError(
    `${name}: memory of architecture ${machineName(image.machine)} (${image.format}${release === undefined ? '' : `, Linux ${release}`})`,
    `supported are ${ARCHITECTURES.map((a) => a.name).join(', ')}`,
  );
}

/** init_uts_ns of the running kernel holds its release; VMCOREINFO of an earlier kernel points elsewhere. */
function checkRelease(kernel: Kernel, info: Vmcoreinfo): string | undefined {
  const at = info.symbol('init_uts_ns');
  if (at === undefined) return undefined;
  try {
    const bytes = kernel.space.read(at, 512, 'init_uts_ns');
    const release = Buffer.from(bytes).indexOf(info.release);
    if (release < 0) return `init_uts_ns at ${hex(at)} does not hold the release ${info.release}`;
    const machine = cString(bytes, release + MACHINE_BEHIND_RELEASE);
    const isKnown = ELF_MACHINES.some((m) => m.uname.includes(machine));
    const { uname, name } = kernel.architecture;
    return !isKnown || uname.includes(machine)
      ? undefined
      : `init_uts_ns at ${hex(at)} says that the kernel is for ${machine}, not ${name}`;
  } catch (error) {
    // the dump may lack this page; the page tables did agree
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}
