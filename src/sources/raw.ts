import { type ByteSource, readUpTo } from '../core/bytes.ts';
import { FormatError, UsageError } from '../core/errors.ts';
import type { ImageFormat, OpenContext, OpenImage } from './image-format.ts';
import { type Piece, piecesMemory } from './pieces.ts';
import { findPciHole } from './raw-split.ts';
import { vmware } from './vmware.ts';
import { isVmware } from './vmware-tags.ts';

/** The smallest memory that can hold a kernel. */
const SMALLEST = 1024 * 1024;
const FOUR_GIB = 2 ** 32;

/**
 * Physical memory as it is, byte for byte from address 0 on: QEMU's memory-backend-file, Firecracker and Cloud
 * Hypervisor snapshots, LiME's padded form, VMware .vmem. Several files are pieces of it, each with its address in its
 * name (`guest.100000`, as of QEMU's pmemsave). Has no magic, so it is the last to be tried.
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
    const parts = context.parts ?? [];
    if (parts.length > 0) return openPieces([source, ...parts]);
    const pieces: Piece[] = [{ start: 0, end: source.byteLength, offset: 0 }];
    const details: [string, string][] = [];
    const said = context.lowMemory;
    if (said !== undefined && !(said > 0 && said <= FOUR_GIB && said % 4096 === 0)) {
      throw new UsageError(`low memory of ${said} bytes: it is whole pages, and ends at 4 GiB at the latest`);
    }
    const fits = said !== undefined && said < source.byteLength;
    const hole = said === undefined ? findPciHole(source, context.progress) : fits ? said : undefined;
    if (hole !== undefined) {
      const above = source.byteLength - hole;
      pieces.splice(
        0,
        1,
        { start: 0, end: hole, offset: 0 },
        { start: FOUR_GIB, end: FOUR_GIB + above, offset: hole },
      );
      details.push([
        'PCI hole',
        `from 0x${hole.toString(16)} to 4 GiB, as ${said === undefined ? 'the memory map in the image says' : 'was said'}`,
      ]);
    }
    return image(source, pieces, details, () => source.close());
  },
};

function openPieces(sources: readonly ByteSource[]): OpenImage {
  const pieces = sources.map((source): Piece => {
    const start = addressInName(source.name);
    if (start === undefined) {
      throw new FormatError({
        file: source.name,
        expected:
          'a name that ends in the address of its memory (like guest.100000), as there are several raw files',
        found: 'none',
      });
    }
    return { start, end: start + source.byteLength, offset: 0, source };
  });
  return image(sources[0]!, pieces, [['pieces', `${pieces.length}`]], () => {
    for (const source of sources) source.close();
  });
}

function image(
  source: ByteSource,
  pieces: readonly Piece[],
  details: OpenImage['details'],
  close: () => void,
): OpenImage {
  const memory = piecesMemory(source, pieces);
  return { format: 'raw image of physical memory', memory, notes: [], details, warnings: [], close };
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
