import { type ByteSource, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError, UsageError } from '../core/errors.ts';
import type { ImageFormat, OpenImage } from './image-format.ts';
import { type Piece, piecesMemory } from './pieces.ts';

/** DF_S390_MAGIC, and DF_S390_MAGIC_EXT of dumps that leave out memory without contents (zdump/df_s390.h of s390-tools). */
const MAGIC = '\xa8\x19\x01\x73\x61\x8f\x23\xfd';
const EXTENDED = '\xa8\x19\x01\x73\x61\x8f\x23\xfe';
/** The header, and that of each segment of an extended dump, takes a page. */
const HEADER = 0x1000;
const END_MARKER = 'DUMP_END';
/** No machine has more. */
const MOST_MEMORY = 2 ** 52;
const S390 = 22;

/** What the header of a volume says (struct df_s390_hdr); all numbers are big endian. */
interface Volume {
  readonly source: ByteSource;
  readonly number: number;
  readonly start: number;
  readonly size: number;
  readonly cpus: number;
  readonly isExtended: boolean;
  /** One of several that make up a dump. */
  readonly isPart: boolean;
}

/**
 * Stand-alone dumps of s390, as the tools that zipl installs on DASD or FBA disks write them: a header of 4 KiB and memory as it is, on one
 * volume or, in the order of their numbers, on several. Extended dumps consist of segments with an address each.
 */
export const s390Dump: ImageFormat = {
  name: 's390',
  takesParts: true,

  probe(source) {
    const head = readUpTo(source, 0, MAGIC.length);
    return hasText(head, MAGIC) || hasText(head, EXTENDED);
  },

  open(source, { parts = [] }): OpenImage {
    const sources = [source, ...parts];
    const volumes = sources.map(readHeader).sort((a, b) => a.number - b.number);
    checkSet(volumes);
    const [first] = volumes as [Volume, ...Volume[]];
    const warnings: string[] = [];
    const pieces = first.isExtended ? segments(volumes, warnings) : plain(volumes, warnings);
    return {
      format: `s390 stand-alone dump${first.isExtended ? ' (extended)' : ''}`,
      memory: piecesMemory(first.source, pieces),
      notes: [],
      machine: S390,
      details: [
        ['volumes', `${volumes.length}`],
        ['CPUs', `${first.cpus}`],
      ],
      warnings,
      files: sources,
      close: () => {
        for (const each of sources) each.close();
      },
    };
  },
};

function readHeader(source: ByteSource): Volume {
  const bytes = readUpTo(source, 0, HEADER);
  const wrong = (offset: number, expected: string, found: string): FormatError =>
    new FormatError({ file: source.name, offset, expected, found });
  if (bytes.length < HEADER) throw wrong(0, `a header of ${HEADER} bytes`, `${bytes.length} bytes`);
  const isExtended = hasText(bytes, EXTENDED);
  if (!isExtended && !hasText(bytes, MAGIC)) {
    throw wrong(0, 'a volume of an s390 stand-alone dump', Buffer.from(bytes.subarray(0, 8)).toString('hex'));
  }
  const view = viewOf(bytes);
  const size = Number(view.getBigUint64(0x18));
  const start = Number(view.getBigUint64(0x20));
  if (view.getUint32(0xc) !== HEADER)
    throw wrong(0xc, `a header size of ${HEADER}`, `${view.getUint32(0xc)}`);
  if (size === 0 || start + size > MOST_MEMORY) {
    throw wrong(0x18, 'the size of the memory', `${size} bytes from 0x${start.toString(16)} on`);
  }
  return {
    source,
    number: view.getUint32(0x4c),
    start,
    size,
    cpus: view.getUint16(0x5d),
    isExtended,
    isPart: hasText(bytes, isExtended ? EXTENDED : MAGIC, 0x200),
  };
}

/** Volumes must be of one dump, and none may be left out: where the memory of a volume begins depends on those before it. */
function checkSet(volumes: readonly Volume[]): void {
  const [first] = volumes as [Volume, ...Volume[]];
  if (volumes.length > 1) {
    const other = volumes.find((v) => !v.isPart || v.isExtended !== first.isExtended);
    if (other) throw new UsageError(`${other.source.name} is no volume of the same dump as the other files`);
  }
  if (!first.isPart) return;
  for (const [i, { number, source }] of volumes.entries()) {
    if (number === i) continue;
    throw new UsageError(
      number < i
        ? `${source.name} is volume ${number} of the dump, and so is another file`
        : `volume ${i} of the dump is missing; ${source.name} is volume ${number}`,
    );
  }
}

/** Each volume continues where the one before it was full. */
function plain(volumes: readonly Volume[], warnings: string[]): Piece[] {
  const [{ start, size }] = volumes as [Volume, ...Volume[]];
  const pieces: Piece[] = [];
  const end = start + size;
  let at = start;
  let marked = false;
  for (const { source } of volumes) {
    if (at >= end) break;
    const room = Math.max(0, source.byteLength - HEADER);
    const until = Math.min(end, at + room);
    pieces.push({ start: at, end: until, offset: HEADER, source });
    if (until === end) marked = hasMarker(source, HEADER + (until - at));
    at = until;
  }
  if (at < end) {
    pieces.push({ start: at, end, missing: 'truncated' });
    warnings.push(
      `the files end at 0x${at.toString(16)} of 0x${end.toString(16)} bytes of memory: a file is cut off or a volume is missing`,
    );
  } else if (!marked) warnings.push(NOT_FINISHED);
  return pieces.filter((piece) => piece.end > piece.start);
}

const NOT_FINISHED = 'the mark at the end of the dump is missing: it was not finished';

/** Segments follow each other on a volume; memory between them had no contents and was not written. */
function segments(volumes: readonly Volume[], warnings: string[]): Piece[] {
  const [{ start, size }] = volumes as [Volume, ...Volume[]];
  const pieces: Piece[] = [];
  const end = start + size;
  for (const { source } of volumes) {
    for (let offset = HEADER; offset + HEADER <= source.byteLength; ) {
      const view = viewOf(readUpTo(source, offset, 24));
      const from = Number(view.getBigUint64(0));
      const length = Number(view.getBigUint64(8));
      if (length === 0 || from < start || from + length > end) break;
      offset += HEADER;
      pieces.push({ start: from, end: from + length, offset, source });
      offset += length;
      if (view.getBigUint64(16) === 0n) continue;
      if (!hasMarker(source, offset)) warnings.push(NOT_FINISHED);
      return [...pieces, { start, end, missing: 'excluded' }];
    }
  }
  warnings.push('the last segment is missing: a file is cut off or a volume is missing');
  return [...pieces, { start, end, missing: 'truncated' }];
}

function hasMarker(source: ByteSource, offset: number): boolean {
  return hasText(readUpTo(source, offset, END_MARKER.length), END_MARKER);
}
