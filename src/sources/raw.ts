import { type ByteSource, readUpTo } from '../core/bytes.ts';
import { FormatError, UsageError } from '../core/errors.ts';
import { isWrittenElsewhere } from '../native/written-elsewhere.ts';
import type { ImageFormat, OpenContext, OpenImage } from './image-format.ts';
import { type Piece, piecesMemory } from './pieces.ts';
import { placeFiles } from './raw-places.ts';
import { findPciHole } from './raw-split.ts';
import { vmware } from './vmware.ts';
import { isVmware } from './vmware-tags.ts';

/** The smallest memory that can hold a kernel. */
const SMALLEST = 1024 * 1024;
const FOUR_GIB = 2 ** 32;

/**
 * Physical memory as it is, byte for byte from address 0 on: QEMU's memory-backend-file, Firecracker and Cloud
 * Hypervisor snapshots, LiME's padded form, VMware .vmem. Several files are pieces of it: memory backends of one guest, or files with their
 * addresses in their names (`guest.100000`, as of QEMU's pmemsave). Has no magic, so it is the last to be tried.
 */
export const raw: ImageFormat = {
  name: 'raw',
  takesParts: true,

  probe(source) {
    const head = readUpTo(source, 0, 4096);
    if (looksLikeText(head)) {
      throw new FormatError({
        file: source.name,
        offset: 0,
        expected: 'a memory dump',
        found: 'a text file',
        advice: 'Name a memory dump: an ELF core, a kdump file, a raw image of physical memory, ...',
      });
    }
    if (source.byteLength < SMALLEST && addressInName(source.name) === undefined) {
      throw new FormatError({
        file: source.name,
        offset: 0,
        expected: 'the magic of a known dump format, or a raw image of at least 1 MiB',
        found: `${source.byteLength} bytes that start with ${[...head.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(' ')}`,
      });
    }
    return true;
  },

  open(source, context): OpenImage | Promise<OpenImage> {
    const state = /\.vmem$/i.test(source.name) ? vmwareState(source, context) : undefined;
    if (state) return vmware.open(state, { ...context, parts: [source] });
    const sources = [source, ...(context.parts ?? [])];
    const details: [string, string][] = [];
    // threads open files that were found to lie still
    const live = context.places === undefined && sources.some(isWritten);
    const pieces = context.places
      ? context.places.map(({ file, ...place }): Piece => ({ ...place, source: sources[file]! }))
      : isPlaced(sources, context)
        ? placedPieces(sources, context, details)
        : wholePieces(source, context, details);
    if (live) details.push(['guest', 'running: another process has its memory file open for writing']);
    return { ...image(sources, pieces, details), ...(live ? { live } : {}) };
  },
};

/** Whether there are places to be said or found out: one file is memory from 0 on unless something else is said. */
function isPlaced(sources: readonly ByteSource[], { at }: OpenContext): boolean {
  return sources.length > 1 || sources.some((source) => at?.[source.name] !== undefined);
}

/** Whether a file is the memory of a machine that runs, which goes on writing to it. */
function isWritten({ fd }: ByteSource): boolean {
  return fd !== undefined && isWrittenElsewhere(fd) === true;
}

/** Files with their addresses in their names, or said, or found out. */
function placedPieces(
  sources: readonly ByteSource[],
  context: OpenContext,
  details: [string, string][],
): readonly Piece[] {
  const files = sources.map((source) => {
    const said = context.at?.[source.name];
    return said === undefined
      ? { source, said: addressInName(source.name), isWhole: true }
      : { source, said };
  });
  const pieces = placeFiles(files, context.progress);
  details.push(['pieces', `${pieces.length}`]);
  for (const { source } of files) {
    const where = pieces.filter((piece) => piece.source === source);
    details.push([
      `memory ${source.name}`,
      where.map((w) => `0x${w.start.toString(16)}-0x${(w.end - 1).toString(16)}`).join(', '),
    ]);
  }
  return pieces;
}

/** One file of all memory, with or without a hole for PCI. */
function wholePieces(
  source: ByteSource,
  context: OpenContext,
  details: [string, string][],
): readonly Piece[] {
  const said = context.lowMemory;
  if (said !== undefined && !(said > 0 && said <= FOUR_GIB && said % 4096 === 0)) {
    throw new UsageError(`low memory of ${said} bytes: it is whole pages, and ends at 4 GiB at the latest`);
  }
  const fits = said !== undefined && said < source.byteLength;
  const hole = said === undefined ? findPciHole(source, context.progress) : fits ? said : undefined;
  if (hole === undefined) return [{ start: 0, end: source.byteLength, offset: 0, source }];
  details.push([
    'PCI hole',
    `from 0x${hole.toString(16)} to 4 GiB, as ${said === undefined ? 'the memory map in the image says' : 'was said'}`,
  ]);
  const above = source.byteLength - hole;
  return [
    { start: 0, end: hole, offset: 0, source },
    { start: FOUR_GIB, end: FOUR_GIB + above, offset: hole, source },
  ];
}

function image(
  sources: readonly ByteSource[],
  pieces: readonly Piece[],
  details: OpenImage['details'],
): OpenImage {
  return {
    format: 'raw image of physical memory',
    memory: piecesMemory(sources[0]!, pieces),
    notes: [],
    details,
    warnings: [],
    places: pieces.map(({ start, end, offset, source }) => ({
      start,
      end,
      offset: offset!,
      file: sources.indexOf(source!),
    })),
    close() {
      for (const source of sources) source.close();
    },
  };
}

/** The hexadecimal number at the end of a file name, after a dot or an @. */
function addressInName(name: string): number | undefined {
  const digits = /[.@](?:0x)?([0-9a-f]{1,13})$/i.exec(name)?.[1];
  const address = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  return address % 4096 === 0 ? address : undefined;
}

/** The .vmss or .vmsn that belongs to a .vmem. */
function vmwareState(source: ByteSource, context: OpenContext): ByteSource | undefined {
  for (const extension of ['vmss', 'vmsn']) {
    const state = context.sibling?.(source.name.replace(/vmem$/i, extension));
    if (state && isVmware(state)) return state;
    state?.close();
  }
  return undefined;
}

function looksLikeText(bytes: Uint8Array): boolean {
  return (
    bytes.length > 0 &&
    bytes.every((b) => b === 9 || b === 10 || b === 13 || (b >= 32 && b < 127) || b >= 0xc2)
  );
}
