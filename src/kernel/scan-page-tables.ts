import type { Architecture } from '../arch/architecture.ts';
import { hex, type PhysAddr, type VirtAddr } from '../core/address.ts';
import { viewOf } from '../core/bytes.ts';
import { qemuControlRegisters } from '../formats/qemu-note.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { PageWalker } from '../translate/page-walk.ts';
import type { Attempt, FoundPageTables } from './find-page-tables.ts';
import { findImageStart, offsetOf } from './image-window.ts';
import { scanMemory } from './scan-memory.ts';
import type { ScanMeter } from './search.ts';

/** Few pages look like a root: more candidates than this are noise. */
const MOST_CANDIDATES = 100_000;
/**
 * Maximum number of distinct tables of a kernel image that are scanned to their last entry. A kernel has one, and earlier
 * kernels left a few.
 */
const MOST_IMAGES = 64;
/** CR4 bit: 5-level paging is on (Intel SDM vol. 3, 2.5). */
const LA57 = 1n << 12n;
/** The page table's part of CR3. */
const CR3_FRAME = 0x000ffffffffff000n;

/**
 * Finds the root in CR3 of a CPU, from QEMU's notes, which only x86 has. With page-table isolation it may be the user's
 * copy.
 */
export function pageTablesFromRegisters(
  image: OpenImage,
  architecture: Architecture,
  attempts: Attempt[],
): FoundPageTables | undefined {
  if (!architecture.image.window) return undefined;
  for (const note of image.notes) {
    const registers = qemuControlRegisters(note);
    if (!registers) continue;
    const { cr3, cr4 } = registers;
    const frame = cr3 & CR3_FRAME;
    // the user's copy of the root is the page after the kernel's, which is aligned to two pages
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
        const from = `CR3 ${hex(cr3)} of a CPU, from QEMU's note`;
        return { walker, from, imageOffset: offsetOf(start) };
      }
      attempts.push(`${mode.name} tables at ${hex(root)} (CR3 ${hex(cr3)}): they map no kernel image`);
    }
  }
  return undefined;
}

/**
 * Finds roots by their content: pages whose upper half leads to large pages of kernel text. The last resort for images with
 * neither VMCOREINFO nor registers, on architectures whose kernel image has its own window. There are many roots, one per
 * process, and not all map everything.
 */
export function* pageTablesFromScan(
  image: OpenImage,
  architecture: Architecture,
  attempts: Attempt[],
  meter: ScanMeter,
  progress?: (done: number, total: number) => void,
): Generator<FoundPageTables> {
  const { window } = architecture.image;
  const top = architecture.pagingModes[0]?.levels[0];
  if (!window || !top?.table || top.entryBytes !== 8) return;
  const { when, at } = top.table;
  const page = top.entryBytes << top.bits;
  const frame = at[0]!.mask;
  let candidates = 0;
  const images = new ImageStarts(architecture, window);
  for (const { address, bytes, fresh } of scanMemory(image.memory, page, meter, progress)) {
    const view = viewOf(bytes);
    const first = (page - (address % page)) % page;
    for (let offset = first; offset < fresh && offset + page <= bytes.length; offset += page) {
      const last = view.getBigUint64(offset + page - 8, architecture.littleEndian);
      // the last entry of every kernel root is a table, writable or not, accessed; its top bits are not part of the address
      if ((last & when.mask) !== when.is || last >> 52n !== 0n || (last & LARGE) !== 0n) continue;
      if (image.memory.runAt(Number(last & frame)).state !== 'present') continue;
      if (++candidates > MOST_CANDIDATES || images.tried > MOST_IMAGES) {
        attempts.push(
          `more than ${candidates - 1} pages of memory look like the root of page tables, as in no kernel's memory`,
        );
        return;
      }
      const root = address + offset;
      for (const mode of architecture.pagingModes) {
        const walker = new PageWalker(image.memory, { architecture, mode, root, ignoredBits: 0n });
        const start = images.find(walker);
        if (start) {
          const from = `a scan of memory for page tables (found at physical ${hex(root)})`;
          yield { walker, from, imageOffset: offsetOf(start) };
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

/** The large-page bit, which is reserved in a root. */
const LARGE = 0x80n;

type ImageStart = ReturnType<typeof findImageStart>;

/**
 * Finds the start of the kernel image through many roots. The roots of all processes lead to the same tables, which are
 * scanned once.
 */
class ImageStarts {
  /** Number of tables scanned. */
  tried = 0;
  readonly #architecture: Architecture;
  readonly #first: VirtAddr;
  readonly #last: VirtAddr;
  readonly #known: Map<string, ImageStart> = new Map();

  constructor(architecture: Architecture, { base, size }: NonNullable<Architecture['image']['window']>) {
    this.#architecture = architecture;
    this.#first = base;
    this.#last = base + BigInt(size) - 1n;
  }

  find(walker: PageWalker): ImageStart {
    // check quickly whether anything leads to the window
    const first = lastTable(walker, this.#first);
    if (first === undefined) return undefined;
    const key = `${walker.tables.mode.name} ${first} ${lastTable(walker, this.#last)}`;
    if (!this.#known.has(key)) {
      this.tried++;
      this.#known.set(key, findImageStart(walker, this.#architecture));
    }
    return this.#known.get(key);
  }
}

/** The place of the entry for an address in the table before the last level; undefined if the walk ends earlier. */
function lastTable(walker: PageWalker, address: VirtAddr): PhysAddr | undefined {
  return walker.walk(address).steps[walker.tables.mode.levels.length - 2]?.at;
}
