import type { Architecture } from '../arch/architecture.ts';
import { hex, type PhysAddr, SMALLEST_PAGE } from '../core/address.ts';
import { viewOf } from '../core/bytes.ts';
import { StructPageError } from '../core/errors.ts';
import { parseNotes } from '../formats/elf-notes.ts';
import { MAX_VMCOREINFO, Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { OpenImage, PhysicalMemory } from '../sources/image-format.ts';
import { scanMemory } from './scan-memory.ts';
import type { ScanMeter } from './search.ts';

/** Maximum number of texts to try. A machine has a few: its own and those that earlier kernels left behind. */
const MOST_TEXTS = 256;
/** Maximum number of places to read for one text. */
const MOST_PLACES = 2048;

/** A VMCOREINFO and its place. */
export interface FoundVmcoreinfo {
  readonly info: Vmcoreinfo;
  /** In words, for `info` and for messages. */
  readonly from: string;
}

/** A text that may be VMCOREINFO. */
interface Claim {
  readonly text: string;
  readonly from: string;
}

const NEEDLE = new TextEncoder().encode('OSRELEASE=');
const latin1 = new TextDecoder('latin1');

/**
 * Every VMCOREINFO of an image, best evidence first: the note, the header of the format, then the results of a scan of
 * physical memory. The scan reads everything, so it runs only if the caller continues: take the first VMCOREINFO that
 * proves right.
 */
export function* findVmcoreinfo(
  image: OpenImage,
  meter: ScanMeter,
  architectures: readonly Architecture[],
  progress?: (done: number, total: number) => void,
): Generator<FoundVmcoreinfo> {
  const seen = new Set<string>();
  for (const { text, from } of everywhere(image, meter, architectures, progress)) {
    if (seen.has(text)) continue;
    if (seen.size === MOST_TEXTS) return;
    seen.add(text);
    const found = tryParse(text, from);
    if (found) yield found;
  }
}

/** The release in the notes or the header of an image, proven or not. */
export function statedRelease(image: OpenImage): string | undefined {
  for (const { text } of stated(image)) {
    const release = /^OSRELEASE=(.{1,256})$/m.exec(text)?.[1];
    if (release !== undefined) return release;
  }
  return undefined;
}

function* everywhere(
  image: OpenImage,
  meter: ScanMeter,
  architectures: readonly Architecture[],
  progress?: (done: number, total: number) => void,
): Generator<Claim> {
  yield* stated(image);
  yield* pointed(image, architectures);
  yield* scan(image.memory, meter, progress);
}

function* stated(image: OpenImage): Generator<Claim> {
  for (const note of image.notes) {
    if (note.name !== 'VMCOREINFO') continue;
    yield { text: latin1.decode(note.desc.subarray(0, MAX_VMCOREINFO)), from: 'VMCOREINFO note' };
  }
  if (image.vmcoreinfo !== undefined) {
    yield {
      text: image.vmcoreinfo.slice(0, MAX_VMCOREINFO),
      from: 'VMCOREINFO in the header of the dump',
    };
  }
}

/** Finds VMCOREINFO through addresses that some architectures store at a fixed place. */
function* pointed(image: OpenImage, architectures: readonly Architecture[]): Generator<Claim> {
  for (const { vmcoreinfoNoteAt, littleEndian } of architectures) {
    const claim = vmcoreinfoNoteAt && byPointer(image.memory, vmcoreinfoNoteAt, littleEndian);
    if (claim) yield claim;
  }
}

/** Reads an ELF note whose physical address is stored at a fixed place. */
function byPointer(memory: PhysicalMemory, at: PhysAddr, littleEndian: boolean): Claim | undefined {
  const pointer = new Uint8Array(8);
  if (memory.readInto(at, pointer) < 8) return undefined;
  const address = viewOf(pointer).getBigUint64(0, littleEndian);
  if (address === 0n || address > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const bytes = new Uint8Array(MAX_VMCOREINFO);
  const { notes } = parseNotes(bytes.subarray(0, memory.readInto(Number(address), bytes)), littleEndian);
  const note = notes.find(({ name }) => name === 'VMCOREINFO');
  return note && { text: latin1.decode(note.desc), from: `VMCOREINFO by its address at physical ${hex(at)}` };
}

/**
 * The kernel keeps the text on its own page (vmcoreinfo_data), and a copy after a note header, so it starts at a page or 24
 * bytes after one. Before 4.13 it was a static array, so other places follow.
 */
function* scan(
  memory: PhysicalMemory,
  meter: ScanMeter,
  progress?: (done: number, total: number) => void,
): Generator<Claim> {
  const elsewhere: PhysAddr[] = [];
  let read = 0;
  for (const { address: start, bytes, fresh } of scanMemory(memory, NEEDLE.length, meter, progress)) {
    for (let i = bytes.indexOf(NEEDLE); i >= 0 && i < fresh; i = bytes.indexOf(NEEDLE, i + 1)) {
      const address = start + i;
      if (address % SMALLEST_PAGE === 0 || address % SMALLEST_PAGE === 24) {
        if (++read > MOST_PLACES) return;
        yield readAt(memory, address);
      } else if (elsewhere.length < MOST_PLACES) elsewhere.push(address);
    }
  }
  for (const address of elsewhere) {
    yield readAt(memory, address);
  }
}

function readAt(memory: PhysicalMemory, address: PhysAddr): Claim {
  const bytes = new Uint8Array(MAX_VMCOREINFO);
  const text = bytes.subarray(0, memory.readInto(address, bytes));
  const end = text.findIndex((b) => b !== 10 && (b < 32 || b > 126));
  return {
    text: latin1.decode(end < 0 ? text : text.subarray(0, end)),
    from: `VMCOREINFO found by a scan of memory at physical 0x${address.toString(16)}`,
  };
}

function tryParse(text: string, from: string): FoundVmcoreinfo | undefined {
  try {
    const info = Vmcoreinfo.parse(text, from);
    // any text about dumps may contain these words; a kernel's own also names its page tables
    return info.symbol('_stext') !== undefined || info.symbol('init_uts_ns') !== undefined
      ? { info, from }
      : undefined;
  } catch (error) {
    if (error instanceof StructPageError) return undefined;
    throw error;
  }
}
