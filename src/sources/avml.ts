import { type ByteSource, viewOf } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { crc32c } from '../formats/compression/crc32c.ts';
import { decodeSnappy, snappyLength } from '../formats/compression/snappy.ts';
import { type Blocks, blocksMemory } from './blocks.ts';
import { ExtentBuilder } from './extents.ts';
import { FileWindow } from './file-window.ts';
import type { ImageFormat } from './image-format.ts';
import {
  AVML_MAGIC,
  behindLastRange,
  LIME_HEADER,
  LIME_MAGIC,
  readLimeHeader,
  startsWith,
} from './lime-header.ts';

/** Chunk types of snappy's framing format (framing_format.txt). */
const COMPRESSED = 0;
const PLAIN = 1;
const FIRST_SKIPPABLE = 0x80;
const MAX_CHUNK = 65536;
/** AVML writes the length of the compressed data after each range. */
const TRAILER = 8;

interface Scan {
  readonly builder: ExtentBuilder;
  readonly warnings: string[];
  ranges: number;
  lost?: NonNullable<Blocks['lost']>;
}

/** AVML with --compress: LiME headers of version 2, each followed by a range as a stream of snappy frames. */
export const avml: ImageFormat = {
  name: 'avml',

  probe: (source) => startsWith(source, AVML_MAGIC),

  open(source) {
    const scan: Scan = { builder: new ExtentBuilder(), warnings: [], ranges: 0 };
    scanRanges(source, scan);
    const window = new FileWindow(source);
    return {
      format: 'AVML',
      memory: blocksMemory({
        extents: scan.builder.finish(),
        largest: MAX_CHUNK,
        load: (place, target) => loadChunk(window, place, target),
        ...(scan.lost ? { lost: scan.lost } : {}),
      }),
      notes: [],
      details: [
        ['ranges', `${scan.ranges}`],
        ['compression', 'snappy'],
      ],
      warnings: scan.warnings,
      close: () => source.close(),
    };
  },
};

/** Reads the headers of ranges and chunks in one pass. Damage ends it; the chunks before it are valid. */
function scanRanges(source: ByteSource, scan: Scan): void {
  const window = new FileWindow(source, 64 * 1024);
  let at = 0;
  for (;;) {
    const header = readLimeHeader(source, at);
    if (header === undefined) return;
    if (typeof header === 'string' || header.magic !== AVML_MAGIC) {
      const found = typeof header === 'string' ? header : 'an uncompressed range';
      if (scan.ranges === 0) {
        throw new FormatError({
          file: source.name,
          offset: at,
          expected: 'an AVML range header of version 2',
          found,
        });
      }
      scan.warnings.push(behindLastRange(source, at, found));
      return;
    }
    scan.ranges++;
    const end = scanChunks(window, source.byteLength, at + LIME_HEADER, header, scan);
    if (end === undefined) return;
    const next = viewOf(window.read(end, 4));
    const word = next.byteLength === 4 ? next.getUint32(0, true) : undefined;
    at = word === AVML_MAGIC || word === LIME_MAGIC ? end : end + TRAILER;
  }
}

/** The offset after the last chunk of a range; undefined if the file is damaged or ends. */
function scanChunks(
  window: FileWindow,
  byteLength: number,
  from: number,
  range: { start: number; end: number },
  scan: Scan,
): number | undefined {
  let at = from;
  let address = range.start;
  const lose = (state: 'truncated' | 'damaged', why: string): undefined => {
    scan.warnings.push(`${why}: memory from 0x${address.toString(16)} on is lost`);
    scan.lost = { start: address, end: range.end, state, why };
  };
  while (address < range.end) {
    const head = window.read(at, 13);
    if (head.length < 8) return lose('truncated', `the file ends at offset ${at}`);
    const type = head[0]!;
    const size = head[1]! | (head[2]! << 8) | (head[3]! << 16);
    if (type === COMPRESSED || type === PLAIN) {
      const length = type === PLAIN ? size - 4 : snappyLength(head.subarray(8))?.length;
      if (length === undefined || length <= 0 || length > MAX_CHUNK || address + length > range.end) {
        return lose('damaged', `damaged snappy chunk at offset ${at}`);
      }
      if (at + 4 + size > byteLength)
        return lose('truncated', `the file ends within the chunk at offset ${at}`);
      scan.builder.add(address, length, at);
      address += length;
    } else if (type < FIRST_SKIPPABLE)
      return lose('damaged', `unknown snappy chunk type ${type} at offset ${at}`);
    at += 4 + size;
  }
  return at;
}

function loadChunk(window: FileWindow, at: number, target: Uint8Array): ReturnType<Blocks['load']> {
  const head = window.read(at, 4);
  const size = head.length < 4 ? 0 : head[1]! | (head[2]! << 8) | (head[3]! << 16);
  const plain = head[0] === PLAIN;
  const chunk = window.read(at + 4, size);
  if (chunk.length < size || size < 4) {
    return { state: 'truncated', why: `the file ends within the chunk at offset ${at}` };
  }
  const packed = chunk.subarray(4);
  if (plain && packed.length === target.length) target.set(packed);
  else if (plain || decodeSnappy(packed, target) !== target.length) {
    return { state: 'damaged', why: `the chunk at offset ${at} cannot be decompressed` };
  }
  // the checksum is rotated, so that it also works for data that contains checksums (framing_format.txt, section 3)
  const crc = crc32c(target);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  if (masked === viewOf(chunk).getUint32(0, true)) return undefined;
  return { state: 'damaged', why: `the chunk at offset ${at} does not match its checksum` };
}
