import type { Architecture } from '../arch/architecture.ts';
import { hex, type PhysAddr, SMALLEST_PAGE } from '../core/address.ts';
import { viewOf } from '../core/bytes.ts';
import { StructPageError } from '../core/errors.ts';
import { parseNotes } from '../formats/elf-notes.ts';
import { MAX_VMCOREINFO, Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { OpenImage, PhysicalMemory } from '../sources/image-format.ts';
import { scanMemory } from './scan-memory.ts';
import type { ScanMeter } from './search.ts';

/** A VMCOREINFO and where it was found. */
export interface FoundVmcoreinfo {
  readonly info: Vmcoreinfo;
  /** In words, for `info` and for messages. */
  readonly from: string;
}

const NEEDLE = new TextEncoder().encode('OSRELEASE=');
const latin1 = new TextDecoder('latin1');

/**
 * Every VMCOREINFO of an image, best evidence first: the note, the header of the format, then what a scan of
 * physical memory finds. Lazy, since the scan reads everything: take the first that proves right.
 */
export function* findVmcoreinfo(
  image: OpenImage,
  meter: ScanMeter,
  architectures: readonly Architecture[],
  progress?: (done: number, total: number) => void,
): Generator<FoundVmcoreinfo> {
  for (const note of image.notes) {
    if (note.name !== 'VMCOREINFO') continue;
    const found = tryParse(latin1.decode(note.desc), 'VMCOREINFO note');
    if (found) yield found;
  }
  if (image.vmcoreinfo !== undefined) {
    const found = tryParse(image.vmcoreinfo, 'VMCOREINFO in the header of the dump');
    if (found) yield found;
  }
  for (const { vmcoreinfoNoteAt, littleEndian } of architectures) {
    const found = vmcoreinfoNoteAt && byPointer(image.memory, vmcoreinfoNoteAt, littleEndian);
    if (found) yield found;
  }
  yield* scan(image.memory, meter, progress);
}

/** An ELF note whose physical address the kernel left at a place that is known. */
function byPointer(memory: PhysicalMemory, at: PhysAddr, littleEndian: boolean): FoundVmcoreinfo | undefined {
  const pointer = new Uint8Array(8);
  if (memory.readInto(at, pointer) < 8) return undefined;
  const address = viewOf(pointer).getBigUint64(0, littleEndian);
  if (address === 0n || address > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const bytes = new Uint8Array(MAX_VMCOREINFO);
  const { notes } = parseNotes(bytes.subarray(0, memory.readInto(Number(address), bytes)), littleEndian);
  const note = notes.find(({ name }) => name === 'VMCOREINFO');
  return note && tryParse(latin1.decode(note.desc), `VMCOREINFO by its address at physical ${hex(at)}`);
}

/**
 * The kernel keeps the text on a page of its own (vmcoreinfo_data), and a copy behind a note header, so it starts
 * at a page or 24 bytes behind one; before 4.13 it was a static array, so any place is taken, these first.
 */
function* scan(
  memory: PhysicalMemory,
  meter: ScanMeter,
  progress?: (done: number, total: number) => void,
): Generator<FoundVmcoreinfo> {
  const elsewhere: PhysAddr[] = [];
  for (const { address: start, bytes, fresh } of scanMemory(memory, NEEDLE.length, meter, progress)) {
    for (let i = bytes.indexOf(NEEDLE); i >= 0 && i < fresh; i = bytes.indexOf(NEEDLE, i + 1)) {
      const address = start + i;
      if (address % SMALLEST_PAGE === 0 || address % SMALLEST_PAGE === 24) {
        const found = readAt(memory, address);
        if (found) yield found;
      } else if (elsewhere.length < 4096) elsewhere.push(address);
    }
  }
  for (const address of elsewhere) {
    const found = readAt(memory, address);
    if (found) yield found;
  }
}

function readAt(memory: PhysicalMemory, address: PhysAddr): FoundVmcoreinfo | undefined {
  const bytes = new Uint8Array(MAX_VMCOREINFO);
  const text = bytes.subarray(0, memory.readInto(address, bytes));
  const end = text.findIndex((b) => b !== 10 && (b < 32 || b > 126));
  return tryParse(
    latin1.decode(end < 0 ? text : text.subarray(0, end)),
    `VMCOREINFO found by a scan of memory at physical 0x${address.toString(16)}`,
  );
}

function tryParse(text: string, from: string): FoundVmcoreinfo | undefined {
  try {
    const info = Vmcoreinfo.parse(text, from);
    // what any text about dumps may contain is not enough: a kernel's own names its page tables too
    return info.symbol('_stext') !== undefined || info.symbol('init_uts_ns') !== undefined
      ? { info, from }
      : undefined;
  } catch (error) {
    if (error instanceof StructPageError) return undefined;
    throw error;
  }
}
