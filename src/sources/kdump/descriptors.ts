import { type ByteSource, viewOf } from '../../core/bytes.ts';
import { FileWindow } from '../file-window.ts';

export const DESCRIPTOR_SIZE = 24;
/** The known bits of a descriptor's flags: zlib, LZO, snappy, excluded vmemmap, zstd. */
const KNOWN_FLAGS = 0x1 | 0x2 | 0x4 | 0x10 | 0x20;

/** struct page_desc: the place of a page's data in the file. */
export interface Descriptor {
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
}

/** The table of page descriptors, one for each page in the file, by page frame. */
export class DescriptorTable {
  readonly offset: number;
  readonly #window: FileWindow;
  readonly #littleEndian: boolean;

  constructor(source: ByteSource, offset: number, littleEndian: boolean) {
    this.offset = offset;
    this.#littleEndian = littleEndian;
    this.#window = new FileWindow(source, 192 * 1024);
  }

  /** Descriptor `index`; undefined if the file ends before it. */
  read(index: number): Descriptor | undefined {
    const bytes = this.#window.read(this.offset + index * DESCRIPTOR_SIZE, DESCRIPTOR_SIZE);
    if (bytes.length < DESCRIPTOR_SIZE) return undefined;
    const view = viewOf(bytes);
    const le = this.#littleEndian;
    const low = view.getUint32(le ? 0 : 4, le);
    const high = view.getUint32(le ? 4 : 0, le);
    return { offset: high * 2 ** 32 + low, size: view.getUint32(8, le), flags: view.getUint32(12, le) };
  }
}

/** Why a descriptor cannot be right; undefined if it can. `dataStart` is the lowest possible offset of page data. */
export function faultOf(d: Descriptor, blockSize: number, dataStart: number): string | undefined {
  if (d.flags & ~KNOWN_FLAGS) return `flags 0x${d.flags.toString(16)}`;
  if (d.size === 0 || d.size > blockSize) return `a size of ${d.size} bytes`;
  if ((d.flags & 0x27) === 0 && d.size !== blockSize) return `${d.size} bytes that are not compressed`;
  if (d.offset < dataStart) return `data at ${d.offset}, before the page data begins`;
  if (d.offset > Number.MAX_SAFE_INTEGER - blockSize) return `data at ${d.offset}`;
  return undefined;
}
