import { type ByteSource, cString, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { machineOf } from '../core/elf-machines.ts';
import { FormatError } from '../core/errors.ts';
import { decodeLz4 } from '../formats/compression/lz4.ts';
import { decodeLzo1x } from '../formats/compression/lzo1x.ts';
import { type BlockFault, blocksMemory } from './blocks.ts';
import { ExtentBuilder } from './extents.ts';
import { readSwapMap } from './hibernation-map.ts';
import type { ImageFormat, OpenImage } from './image-format.ts';

const PAGE = 4096;
const SIGNATURE = 'S1SUSPEND';
const SIGNATURE_AT = PAGE - 10;
/** struct swsusp_header of kernel/power/swap.c, from the end of the page: image sector, flags. */
const IMAGE_AT = PAGE - 32;
const FLAGS_AT = PAGE - 24;
const NOCOMPRESS = 2;
const LZ4 = 16;
/** struct swsusp_info of kernel/power/power.h, after utsname. */
const IMAGE_PAGES_AT = 416;
const PAGES_AT = 424;
/** Number of pages that are compressed together (UNC_PAGES), and the size of the length field before them. */
const UNIT = 32;
const UNIT_HEADER = 8;
const END_OF_MAP = 0xffffffffffffffffn;
/** Since 6.7, page numbers of all-zero pages have this bit set and no data follows for them. */
const ZERO_PAGE = 1n << 63n;
const ZEROS = -1;

/**
 * A hibernation image in a swap partition (kernel/power/swap.c, snapshot.c): the pages that were in use when the
 * machine was suspended. Free pages and most of the page cache are not in it. It is there until the machine resumes.
 */
export const hibernation: ImageFormat = {
  name: 'hibernation',

  probe: (source) => hasText(readUpTo(source, SIGNATURE_AT, 10), SIGNATURE),

  open(source): OpenImage {
    const warnings: string[] = [];
    const first = readUpTo(source, 0, PAGE);
    const view = viewOf(first);
    const flags = view.getUint32(FLAGS_AT, true);
    const sectors = readSwapMap(source, view.getBigUint64(IMAGE_AT, true), warnings);
    const info = sectors.length > 0 ? readUpTo(source, sectors[0]! * PAGE, PAGE) : new Uint8Array(0);
    if (info.length < PAGE) {
      throw new FormatError({
        file: source.name,
        offset: IMAGE_AT,
        expected: 'the place of a hibernation image',
        found: 'one that is not in the file',
        advice: 'Name the whole swap partition; an image in a swap file needs the disk that it is on',
      });
    }
    const stream = pageStream(source, sectors, flags);
    const dataPages = Number(viewOf(info).getBigUint64(IMAGE_PAGES_AT, true));
    const allPages = Number(viewOf(info).getBigUint64(PAGES_AT, true));
    const metaPages = allPages - dataPages - 1;
    if (!(metaPages > 0 && metaPages * PAGE <= source.byteLength)) {
      throw new FormatError({
        file: source.name,
        offset: sectors[0]! * PAGE,
        expected: 'the header of a hibernation image',
        found: `${allPages} pages of which ${dataPages} are data`,
      });
    }
    const builder = readPageList(stream, metaPages, warnings);
    const machine = machineOf(cString(info, 4 * 65));
    return {
      format: 'hibernation image',
      memory: blocksMemory({
        extents: builder.finish(),
        largest: PAGE,
        load(place, target) {
          if (place !== ZEROS) return stream(place, target);
          target.fill(0);
          return undefined;
        },
      }),
      notes: [],
      ...(machine === undefined ? {} : { machine }),
      details: [
        ['compression', flags & NOCOMPRESS ? 'none' : flags & LZ4 ? 'LZ4' : 'LZO'],
        ['kernel in the header', `${cString(info)} ${cString(info, 2 * 65)} ${cString(info, 4 * 65)}`.trim()],
        ['contents', 'pages in use at suspend; free pages and dropped page cache are not in it'],
      ],
      warnings,
      close: () => source.close(),
    };
  },
};

/** Reads page `index` after the header of the image into `target`. */
type PageStream = (index: number, target: Uint8Array) => BlockFault | undefined;

function pageStream(source: ByteSource, sectors: Float64Array, flags: number): PageStream {
  if (flags & NOCOMPRESS) {
    return (index, target) => {
      const sector = sectors[index + 1];
      const got = sector === undefined ? 0 : source.readInto(sector * PAGE, target);
      if (got === PAGE) return undefined;
      return { state: 'truncated', why: `page ${index} of the hibernation image is not in the file` };
    };
  }
  return compressedStream(source, sectors, flags & LZ4 ? decodeLz4 : decodeLzo1x);
}

/** Units of 32 pages, each starting at a page of the file, wherever the swap map puts that page. */
function compressedStream(
  source: ByteSource,
  sectors: Float64Array,
  decode: (input: Uint8Array, output: Uint8Array) => number,
): PageStream {
  /** The start of each unit in `sectors`; grows as units are reached. */
  const starts = [1];
  const plain = new Uint8Array(UNIT * PAGE);
  let held = -1;
  let pages = 0;

  function lengthOf(start: number): number | undefined {
    const head = start < sectors.length ? readUpTo(source, sectors[start]! * PAGE, UNIT_HEADER) : undefined;
    if (head?.length !== UNIT_HEADER) return undefined;
    const length = viewOf(head).getBigUint64(0, true);
    return length > 0n && length <= BigInt(2 * UNIT * PAGE) ? Number(length) : undefined;
  }

  function load(unit: number): string | undefined {
    while (starts.length <= unit) {
      const length = lengthOf(starts.at(-1)!);
      if (length === undefined)
        return `unit ${starts.length - 1} of the hibernation image is damaged or not there`;
      starts.push(starts.at(-1)! + Math.ceil((UNIT_HEADER + length) / PAGE));
    }
    const start = starts[unit]!;
    const length = lengthOf(start);
    if (length === undefined) return `unit ${unit} of the hibernation image is damaged or not there`;
    const packed = new Uint8Array(Math.ceil((UNIT_HEADER + length) / PAGE) * PAGE);
    for (let i = 0; i * PAGE < packed.length; i++) {
      const sector = sectors[start + i];
      const part = packed.subarray(i * PAGE, (i + 1) * PAGE);
      if (sector === undefined || source.readInto(sector * PAGE, part) < PAGE) {
        return `the file ends within unit ${unit} of the hibernation image`;
      }
    }
    held = -1;
    const got = decode(packed.subarray(UNIT_HEADER, UNIT_HEADER + length), plain);
    if (got < 0 || got % PAGE !== 0)
      return `unit ${unit} at offset ${sectors[start]! * PAGE} cannot be decompressed`;
    held = unit;
    pages = got / PAGE;
    return undefined;
  }

  return (index, target) => {
    const unit = Math.floor(index / UNIT);
    const why = held === unit ? undefined : load(unit);
    if (why !== undefined) return { state: 'damaged', why };
    const at = index % UNIT;
    if (at >= pages) return { state: 'damaged', why: `unit ${unit} of the hibernation image is too short` };
    target.set(plain.subarray(at * PAGE, (at + 1) * PAGE));
    return undefined;
  };
}

/** The page frames of the data pages, in image order. */
function readPageList(stream: PageStream, metaPages: number, warnings: string[]): ExtentBuilder {
  const builder = new ExtentBuilder();
  const bytes = new Uint8Array(PAGE);
  const view = viewOf(bytes);
  let data = metaPages;
  for (let page = 0; page < metaPages; page++) {
    const fault = stream(page, bytes);
    if (fault) {
      warnings.push(
        `the list of pages is damaged (${fault.why}): pages from number ${page * 512} on are lost`,
      );
      break;
    }
    for (let at = 0; at < PAGE; at += 8) {
      const word = view.getBigUint64(at, true);
      if (word === END_OF_MAP) return builder;
      const pfn = Number(word & ~ZERO_PAGE);
      const zero = (word & ZERO_PAGE) !== 0n;
      if (pfn < 2 ** 40) builder.add(pfn * PAGE, PAGE, zero ? ZEROS : data);
      if (!zero) data++;
    }
  }
  return builder;
}
