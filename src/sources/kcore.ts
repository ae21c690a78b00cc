import { closeSync, openSync } from 'node:fs';
import type { ByteSource } from '../core/bytes.ts';
import { UnsupportedError } from '../core/errors.ts';
import { parseElfHeader } from '../formats/elf.ts';
import { parseNotes } from '../formats/elf-notes.ts';
import { type IomemEntry, systemRam, whyNotRam } from '../native/iomem.ts';
import type { OpenImage, PhysicalMemory, PhysicalRun, VirtualSegments } from './image-format.ts';
import {
  type KcoreSegment,
  type KcoreSegments,
  kcoreSegments,
  type SortedSegments,
} from './kcore-segments.ts';
import { runAt } from './pieces.ts';
import { preadPages } from './pread-pages.ts';

/** Notes of /proc/kcore are a few KiB. */
const MAX_NOTES = 16 * 1024 * 1024;
const PHDR = 56;
/** Size of one read(2) in bytes; the kernel holds a lock on its list of segments meanwhile. */
const CHUNK = 4 * 1024 * 1024;

/**
 * /proc/kcore: the running kernel's memory as an ELF core (fs/proc/kcore.c). Its headers are read anew each time, since
 * memory comes and goes, and again by `renew`. The segments of the direct map (p_paddr, since 4.14) are physical memory; the page
 * array has its own segments. Offsets in the file reach 2^56, so they are bigints. `iomem` tells what is where there is no RAM.
 *
 * The kernel returns zeros for what it cannot read (a hole in vmemmap, poisoned or offline pages), so the segments are
 * marked `zeroFills`. Throws the error of open(2), FormatError, or UnsupportedError for kernels before 4.14.
 */
export function openKcore(path = '/proc/kcore', iomem: readonly IomemEntry[] = []): OpenImage {
  const fd = openSync(path, 'r');
  try {
    return kcoreImage(fd, path, iomem);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function kcoreImage(fd: number, path: string, iomem: readonly IomemEntry[]): OpenImage {
  const head: ByteSource = {
    name: path,
    byteLength: Infinity,
    readInto: (offset, target) => pread(fd, target, BigInt(offset)),
    close() {},
  };
  const table = programTable(head);
  const parts = new Segments(table);
  if (parts.direct.length === 0) {
    throw new UnsupportedError(
      `${path}: this kernel's /proc/kcore does not say physical addresses`,
      'structpage reads it from Linux 4.14 on; take a dump with LiME or AVML',
    );
  }
  const notes = parts.notes.flatMap((n) => {
    const bytes = new Uint8Array(Math.min(n.size, MAX_NOTES));
    return parseNotes(bytes.subarray(0, pread(fd, bytes, n.offset)), table.littleEndian).notes;
  });
  let open = true;
  return {
    format: 'the running kernel (/proc/kcore)',
    memory: directMap(fd, path, parts, iomem),
    virtual: pageArray(fd, parts),
    notes,
    machine: table.machine,
    details: [
      ['segments', `${parts.direct.length} of RAM, ${parts.vmemmap.length} of the page array`],
      ['consistency', 'memory changes while it is read'],
    ],
    warnings: [],
    live: true,
    isThisMachine: true,
    renew: () => parts.take(programTable(head)),
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

/** The headers of the segments, as they are in the file at this moment. */
interface ProgramTable {
  readonly bytes: Uint8Array;
  readonly entrySize: number;
  readonly littleEndian: boolean;
  readonly machine: number;
}

function programTable(head: ByteSource): ProgramTable {
  const { programCount, programSize, programOffset, littleEndian, machine } = parseElfHeader(head);
  const table = new Uint8Array(programCount * Math.max(PHDR, programSize));
  const bytes = table.subarray(0, head.readInto(programOffset, table));
  return { bytes, entrySize: programSize, littleEndian, machine };
}

/**
 * The segments, which are others once memory was plugged or unplugged. Where they are in the file may change with their number, and
 * the kernel makes the list anew when anybody opens the file.
 */
class Segments implements KcoreSegments {
  direct: SortedSegments = [];
  vmemmap: SortedSegments = [];
  notes: KcoreSegments['notes'] = [];
  runs: readonly PhysicalRun[] = [];
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(table: ProgramTable) {
    this.take(table);
  }

  take({ bytes, entrySize, littleEndian }: ProgramTable): void {
    if (Buffer.compare(bytes, this.#bytes) === 0) return;
    this.#bytes = bytes;
    const parts = kcoreSegments(bytes, entrySize, littleEndian);
    this.direct = parts.direct;
    this.vmemmap = parts.vmemmap;
    this.notes = parts.notes;
    this.runs = parts.direct.map((s) => ({
      start: s.physical!,
      end: s.physical! + s.size,
      state: 'present',
    }));
  }
}

/** Physical memory through the direct map. */
function directMap(
  fd: number,
  path: string,
  segments: Segments,
  iomem: readonly IomemEntry[],
): PhysicalMemory {
  const ram = systemRam(iomem);
  const one = new Uint8Array(1);
  const find = (address: number): KcoreSegment | undefined =>
    segments.direct.find((s) => address >= s.physical! && address < s.physical! + s.size);
  return {
    get runs() {
      return segments.runs;
    },
    readInto(address, target) {
      let done = 0;
      while (done < target.length) {
        const at = address + done;
        const segment = find(at);
        if (!segment) break;
        const within = at - segment.physical!;
        const want = Math.min(target.length - done, segment.size - within);
        const got = pread(fd, target.subarray(done, done + want), segment.offset + BigInt(within));
        done += got;
        if (got < want) break;
      }
      return done;
    },
    runAt(address) {
      const run = runAt(segments.runs, address);
      if (run.state === 'hole' && ram.length > 0) return { ...run, why: whyNotRam(iomem, ram, address) };
      const segment = run.state === 'present' ? find(address) : undefined;
      if (!segment) return run;
      if (pread(fd, one, segment.offset + BigInt(address - segment.physical!)) === 1) return run;
      const end = Math.min(run.end, (Math.floor(address / 4096) + 1) * 4096);
      return { start: address, end, state: 'unreadable', why: `${path} does not give this page` };
    },
  };
}

/** The page array by virtual address. */
function pageArray(fd: number, parts: Segments): VirtualSegments {
  return {
    zeroFills: true,
    get segments() {
      return parts.vmemmap.map((s) => ({ start: s.virtual, end: s.virtual + BigInt(s.size) }));
    },
    readInto(address, target) {
      let done = 0;
      while (done < target.length) {
        const at = address + BigInt(done);
        const segment = parts.vmemmap.find((s) => at >= s.virtual && at < s.virtual + BigInt(s.size));
        if (!segment) break;
        const within = Number(at - segment.virtual);
        const want = Math.min(target.length - done, segment.size - within);
        const got = pread(fd, target.subarray(done, done + want), segment.offset + BigInt(within));
        done += got;
        if (got < want) break;
      }
      return done;
    },
  };
}

/** Reads as much as possible, up to the first refusal. */
function pread(fd: number, target: Uint8Array, position: bigint): number {
  return preadPages(fd, target, position, CHUNK).done;
}
