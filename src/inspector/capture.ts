import { SMALLEST_PAGE as PAGE, type PhysAddr } from '../core/address.ts';
import { FaultError, readOr } from '../core/errors.ts';
import { type Range, unite } from '../core/ranges.ts';
import { captureNote } from '../formats/elf-notes.ts';
import { elfCoreHead, type LoadToWrite } from '../formats/elf-write.ts';
import { MAX_VMCOREINFO } from '../formats/vmcoreinfo.ts';
import { Kernel } from '../kernel/kernel.ts';
import { readZones } from '../memmap/zones.ts';
import type { OpenImage, PhysicalMemory } from '../sources/image-format.ts';
import { PageWalker } from '../translate/page-walk.ts';
import type { Inspector } from './inspector.ts';
import { inspect } from './open.ts';
import { checkLayout } from './self-check.ts';

/** The contents of a capture. */
export interface CaptureReport {
  /** Bytes of memory in it. */
  readonly bytes: number;
  readonly segments: number;
}

const CHUNK = 1024 * 1024;
/** Variables of the kernel that other tools read before they look at a page. */
const VARIABLES = [
  'page_offset_base',
  'vmemmap_base',
  'vmalloc_base',
  'phys_base',
  'physical_mask',
  'max_pfn',
  'max_low_pfn',
  'min_low_pfn',
  'high_memory',
  'mem_section',
  'node_data',
  'slab_caches',
  'linux_banner',
  'init_uts_ns',
  'vmcoreinfo_data',
  'vmcoreinfo_size',
  '__pgtable_l5_enabled',
  'pgdir_shift',
  'ptrs_per_p4d',
  '__per_cpu_offset',
  'node_states',
  'huge_zero_pfn',
  'huge_zero_folio',
  'zero_page_pfn',
  'zero_pfn',
] as const;

/**
 * Makes an ELF core with only what structpage needs of an image: the page array and the page tables that lead to it,
 * mem_section, nodes and zones, the symbol table, the types, the slab caches and their names. Returns its bytes in order.
 * Memory that is left out is declared (p_memsz above p_filesz). It has no contents of pages, neither the kernel's nor the
 * user's. `also` may read objects of the kernel, which are then in the core as well, as whole pages.
 */
export function* capture(
  inspector: Inspector,
  also?: (copy: Inspector) => void,
): Generator<Uint8Array, CaptureReport> {
  const recorder = new Recorder(inspector.image.memory);
  const copy = readEverything(inspector, recorder);
  also?.(copy);
  const kept = recorder.ranges();
  const loads = layOut(kept, inspector.image.memory);
  const info = inspector.kernel.vmcoreinfo;
  const notes = [
    ...(info ? [{ name: 'VMCOREINFO', type: 0, desc: new TextEncoder().encode(info.text) }] : []),
    captureNote(also !== undefined),
  ];
  yield elfCoreHead(inspector.kernel.architecture.elfMachine, notes, loads);
  let bytes = 0;
  for (const load of loads) {
    for (let done = 0; done < load.fileSize; ) {
      const part = new Uint8Array(Math.min(CHUNK, load.fileSize - done));
      const got = inspector.image.memory.readInto(load.physical + done, part);
      if (got === 0) {
        throw new FaultError({
          address: BigInt(load.physical + done),
          space: 'physical',
          reason: 'unreadable',
        });
      }
      yield part.subarray(0, got);
      done += got;
    }
    bytes += load.fileSize;
  }
  return { bytes, segments: loads.length };
}

/** Does everything that structpage ever does once, over memory that records what is read. */
function readEverything(inspector: Inspector, recorder: Recorder): Inspector {
  const { kernel } = inspector;
  // read by physical address only, so that the recorder sees it
  const { virtual: _, ...rest } = inspector.image;
  const image: OpenImage = { ...rest, memory: recorder };
  const walker = new PageWalker(recorder, kernel.space.walker.tables);
  void kernel.kallsyms;
  const again = new Kernel(
    image,
    { walker, from: kernel.from.pageTables, imageOffset: kernel.imageOffset },
    kernel.vmcoreinfo && { info: kernel.vmcoreinfo, from: kernel.from.vmcoreinfo },
    kernel.kallsymsTables,
  );
  for (const _ of again.kallsyms?.entries() ?? []) {
    // reads every name and offset
  }
  const copy = inspect(
    image,
    again,
    inspector.types.confidence === 'btf-in-image' ? {} : { layout: inspector.types },
  );
  checkLayout(copy);
  readZones(again, copy.types);
  for (const [name, address] of again.symbols(VARIABLES)) {
    attempt(() => again.space.read(address, 512));
    // the text itself, for programs that search memory for it
    if (name === 'vmcoreinfo_data')
      attempt(() => again.space.readString(again.space.readWord(address), MAX_VMCOREINFO));
  }
  for (const _ of copy.selectSync({ columns: ['slab_cache', 'kpageflags'] })) {
    // the page array and the names of the caches
  }
  return copy;
}

/** What the image lacks cannot be captured. */
function attempt(read: () => unknown): void {
  readOr(undefined, read);
}

/** Physical memory that records which of its pages are read. */
class Recorder implements PhysicalMemory {
  readonly runs: PhysicalMemory['runs'];
  readonly #memory: PhysicalMemory;
  readonly #pages: Set<number> = new Set();
  readonly #long: Range[] = [];

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
    this.runs = memory.runs;
  }

  readInto(address: PhysAddr, target: Uint8Array): number {
    const got = this.#memory.readInto(address, target);
    const first = Math.floor(address / PAGE);
    const end = Math.ceil((address + got) / PAGE);
    if (end - first > 16) this.#long.push({ start: first * PAGE, end: end * PAGE });
    else for (let page = first; page < end; page++) this.#pages.add(page);
    return got;
  }

  runAt(address: PhysAddr): ReturnType<PhysicalMemory['runAt']> {
    return this.#memory.runAt(address);
  }

  /** The bytes that were read, rounded to pages, as far as they are present. */
  ranges(): Range[] {
    const all = unite([
      ...this.#long,
      ...[...this.#pages].map((p) => ({ start: p * PAGE, end: (p + 1) * PAGE })),
    ]);
    return all.flatMap((range) => {
      const out: Range[] = [];
      for (let at = range.start; at < range.end; ) {
        const run = this.#memory.runAt(at);
        const end = Math.min(range.end, run.end);
        if (run.state === 'present') out.push({ start: at, end });
        at = end;
      }
      return out;
    });
  }
}

/** Segments for memory that is kept, and for memory that is present but left out. */
function layOut(kept: readonly Range[], memory: PhysicalMemory): LoadToWrite[] {
  const loads: LoadToWrite[] = [];
  let next = 0;
  for (const run of memory.runs) {
    if (run.state === 'hole') continue;
    let at = run.start;
    for (; next < kept.length && kept[next]!.start < run.end; next++) {
      const { start, end } = kept[next]!;
      if (start > at) leaveOut(loads, at, start);
      loads.push({ physical: start, fileSize: end - start, memorySize: end - start });
      at = end;
    }
    if (at < run.end) leaveOut(loads, at, run.end);
  }
  return loads;
}

function leaveOut(loads: LoadToWrite[], start: number, end: number): void {
  const last = loads.at(-1);
  if (last && last.physical + last.memorySize === start)
    loads[loads.length - 1] = { ...last, memorySize: end - last.physical };
  else loads.push({ physical: start, fileSize: 0, memorySize: end - start });
}
