import { type ByteSource, readUpTo } from '../../core/bytes.ts';
import type { ZstdDecoder } from '../../formats/compression/zstd.ts';
import { FileWindow } from '../file-window.ts';
import type { Missing } from '../image-format.ts';
import { PageBitmaps } from './bitmaps.ts';
import { DESCRIPTOR_SIZE, type Descriptor, DescriptorTable, faultOf } from './descriptors.ts';
import type { KdumpHeader } from './header.ts';
import { decodePage, EXCLUDED_VMEMMAP, INCOMPLETE, isChecksummed } from './page-codec.ts';

/** Why a page in the bitmap is not available. */
export interface PageFault {
  readonly state: Missing;
  readonly why: string;
}

/** Maximum size of a bitmap: 16 TiB of 4 KiB pages. A dump may cost two of them and an index in memory. */
const MAX_BITMAP = 512 * 1024 * 1024;

/** Number of pages before and after a page that are examined to see where it should be. */
const NEIGHBOURS = 64;
/** Number of last pages that decide whether the file is truncated. */
const LAST = 3;

/** One kdump file: a whole dump, or a part of a split one. */
export class KdumpPart {
  readonly source: ByteSource;
  readonly header: KdumpHeader;
  bitmaps: PageBitmaps;
  /** Set if bitmap and descriptors contradict each other, so that pages cannot be told apart. */
  contradiction: string | undefined;
  /** The start of page data, where pages of zeros are, and the start of the first other page. */
  dataStart = 0;
  firstPlace: number | undefined;
  readonly #table: DescriptorTable;
  readonly #data: FileWindow;
  readonly #zstd: ZstdDecoder | undefined;

  constructor(source: ByteSource, header: KdumpHeader, bitmaps: PageBitmaps, zstd: ZstdDecoder | undefined) {
    this.source = source;
    this.header = header;
    this.bitmaps = bitmaps;
    this.#zstd = zstd;
    this.#table = new DescriptorTable(source, tableOffset(header), header.littleEndian);
    this.#data = new FileWindow(source);
  }

  get start(): number {
    return this.header.split?.start ?? 0;
  }

  get end(): number {
    return this.header.split?.end ?? this.header.pages;
  }

  /** Number of pages in this file. */
  get count(): number {
    return this.bitmaps.rank(this.end) - this.bitmaps.rank(this.start);
  }

  descriptor(index: number): Descriptor | undefined {
    return this.#table.read(index);
  }

  get tableOffset(): number {
    return this.#table.offset;
  }

  /** The descriptor of a page in the bitmap, or the reason why there is none. */
  find(pfn: number): Descriptor | PageFault {
    if (this.contradiction !== undefined) return { state: 'damaged', why: this.contradiction };
    const index = this.bitmaps.rank(pfn) - this.bitmaps.rank(this.start);
    const at = this.#table.offset + index * DESCRIPTOR_SIZE;
    const d = this.#table.read(index);
    if (!d) return { state: 'truncated', why: `the file ends before the page's descriptor at offset ${at}` };
    if (d.offset === 0 && d.size === 0) {
      if (this.header.status & INCOMPLETE) {
        return { state: 'truncated', why: `the dump was never finished: no descriptor at offset ${at}` };
      }
    }
    const fault = faultOf(d, this.header.blockSize, this.#table.offset + this.count * DESCRIPTOR_SIZE);
    if (fault) return { state: 'damaged', why: `the page's descriptor at offset ${at} says ${fault}` };
    if (d.flags & EXCLUDED_VMEMMAP) return { state: 'excluded', why: 'excluded with makedumpfile -e' };
    if (!isChecksummed(d.flags) && this.#isMisplaced(index, d)) {
      return { state: 'damaged', why: `the page's descriptor at offset ${at} contradicts its neighbours` };
    }
    return d;
  }

  /**
   * Number of pages, from the first on, whose data is in the file, if data is in page order. All of them, unless the last
   * ones agree that the file ends before them: a single descriptor may be damaged.
   */
  get reached(): number {
    const { count } = this;
    const isBehind = (d: Descriptor | undefined): boolean => !d || d.offset + d.size > this.source.byteLength;
    const last: (Descriptor | undefined)[] = [];
    for (let i = count - 1; i >= Math.max(0, count - NEIGHBOURS) && last.length < LAST; i--) {
      const d = this.#table.read(i);
      if (!d || d.offset !== this.dataStart) last.push(d);
    }
    if (last.filter(isBehind).length * 2 <= last.length) return count;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      // pages of zeros have their data at the very start
      let at = middle;
      while (at < high - 1 && this.#table.read(at)?.offset === this.dataStart) at++;
      if (isBehind(this.#table.read(at))) high = middle;
      else low = at + 1;
    }
    return low;
  }

  /** Decodes the page of a descriptor into `block`. */
  load(d: Descriptor, block: Uint8Array): PageFault | undefined {
    const data = this.#data.read(d.offset, d.size);
    if (data.length < d.size) {
      return { state: 'truncated', why: `the file ends before the page's data at offset ${d.offset}` };
    }
    if (decodePage(data, d.flags, block, this.#zstd)) return undefined;
    return { state: 'damaged', why: `the page's data at offset ${d.offset} cannot be decompressed` };
  }

  /**
   * Whether the pages before and after prove that this page is elsewhere. Writers put pages one after another, except pages
   * of zeros, which share one place; in files of makedumpfile and QEMU it is the first.
   */
  #isMisplaced(index: number, d: Descriptor): boolean {
    const end = this.#endBefore(index);
    const next = this.#startAfter(index);
    if (d.offset === this.dataStart) return end !== undefined && next !== undefined && next - end === d.size;
    const known = [end === undefined, next === undefined].filter((unknown) => !unknown).length;
    if (known === 0 || d.offset === end || d.offset + d.size === next) return false;
    return !this.#isZero(d);
  }

  /** The end of the data of the previous page that has its own place. */
  #endBefore(index: number): number | undefined {
    for (let i = index - 1; i >= Math.max(0, index - NEIGHBOURS); i--) {
      const d = this.#table.read(i);
      if (d && d.offset !== this.dataStart) return d.offset + d.size;
    }
    return index <= NEIGHBOURS ? this.firstPlace : undefined;
  }

  /** The start of the data of the next page that has its own place. */
  #startAfter(index: number): number | undefined {
    const count = this.count;
    for (let i = index + 1; i < Math.min(count, index + NEIGHBOURS); i++) {
      const d = this.#table.read(i);
      if (d && d.offset !== this.dataStart) return d.offset;
    }
    return index + NEIGHBOURS >= count && !this.header.eraseinfo ? this.source.byteLength : undefined;
  }

  #isZero(d: Descriptor): boolean {
    const block = new Uint8Array(this.header.blockSize);
    return this.load(d, block) === undefined && block.every((b) => b === 0);
  }
}

/** Reads the bitmaps of a file. Adds what is missing of them to `warnings`. */
export function readBitmaps(source: ByteSource, header: KdumpHeader, warnings: string[]): PageBitmaps {
  const { blockSize, bitmapBlocks, subHeaderBlocks, pages } = header;
  const at = (1 + subHeaderBlocks) * blockSize;
  const both = bitmapBlocks * blockSize;
  const needed = Math.ceil(pages / 8);
  // a file with one bitmap has no room for two
  const single = needed > both / 2;
  const length = Math.min(needed, single ? both : both / 2, MAX_BITMAP);
  const first = readUpTo(source, at, length);
  const second = single ? first : readUpTo(source, at + both / 2, length);
  if (length < needed) {
    warnings.push(
      `the bitmap has room for ${length * 8} of ${pages} pages: the header is damaged or the dump too large`,
    );
  }
  if (second.length < length) {
    warnings.push(
      `the file ends within the bitmap at offset ${at}: pages from ${second.length * 8} on are lost`,
    );
  }
  return new PageBitmaps(pages, second, single ? second : first);
}

export function tableOffset(header: KdumpHeader): number {
  return (1 + header.subHeaderBlocks + header.bitmapBlocks) * header.blockSize;
}
