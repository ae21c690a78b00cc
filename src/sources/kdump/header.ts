import { int32be, int32le, Struct, String as Text, uint32be, uint32le } from 'restructure';
import { type ByteSource, cString, hasText, readUpTo, viewOf } from '../../core/bytes.ts';
import { FormatError } from '../../core/errors.ts';
import { u64be, u64le } from '../../formats/u64.ts';

export const SIGNATURE = 'KDUMP   ';
/** Offset of block_size in the headers of 64-bit and 32-bit kernels. */
const BLOCK_SIZE_64 = 428;
const BLOCK_SIZE_32 = 416;
const MAX_BLOCK = 1 << 20;
/** Larger page frame numbers would be beyond 2^52 bytes, which no architecture addresses. */
const MAX_PFN = 2 ** 40;

/** struct disk_dump_header and struct kdump_sub_header of makedumpfile (diskdump_mod.h), and QEMU (include/sysemu/dump.h). */
export interface KdumpHeader {
  readonly littleEndian: boolean;
  readonly version: number;
  readonly utsname: {
    readonly sysname: string;
    readonly nodename: string;
    readonly release: string;
    readonly version: string;
    readonly machine: string;
  };
  /** Seconds since 1970; 0 if the writer recorded none. */
  readonly timestamp: number;
  /** Bits: 1 zlib, 2 LZO, 4 snappy, 8 incomplete, 16 vmemmap excluded, 32 zstd. */
  readonly status: number;
  readonly blockSize: number;
  readonly subHeaderBlocks: number;
  readonly bitmapBlocks: number;
  /** One more than the highest page frame number. */
  readonly pages: number;
  readonly cpus: number;
  readonly physBase: bigint;
  /** The argument of makedumpfile -d, or QEMU's 1; undefined in version 0. */
  readonly dumpLevel: number | undefined;
  /** The page frames of this part of a split dump. */
  readonly split: { readonly start: number; readonly end: number } | undefined;
  readonly vmcoreinfo: { readonly offset: bigint; readonly size: bigint } | undefined;
  readonly notes: { readonly offset: bigint; readonly size: bigint } | undefined;
  readonly eraseinfo: { readonly offset: bigint; readonly size: bigint } | undefined;
}

type Word = bigint | number;

interface RawHeader extends Record<string, unknown> {
  version: number;
  uts: string;
  seconds: Word;
  status: number;
  blockSize: number;
  subHeaderBlocks: number;
  bitmapBlocks: number;
  maxMapnr: number;
  cpus: number;
}

interface RawSubHeader extends Record<string, unknown> {
  physBase: Word;
  dumpLevel: number;
  split: number;
  startPfn: Word;
  endPfn: Word;
  vmcoreinfoOffset: bigint;
  vmcoreinfoSize: Word;
  noteOffset: bigint;
  noteSize: Word;
  eraseOffset: bigint;
  eraseSize: Word;
  startPfn64: bigint;
  endPfn64: bigint;
  maxMapnr64: bigint;
}

const UTS_FIELD = 65;

/**
 * How the writer's compiler laid out the headers: `wide` with 64-bit words; `packed` with 32-bit words, and 64-bit numbers wherever they
 * come (i386, and QEMU for any machine); `padded` with 64-bit numbers at multiples of 8 (Arm).
 */
type Shape = 'wide' | 'packed' | 'padded';

function mainStruct(le: boolean, shape: Shape): Struct<RawHeader> {
  const [i32, u32, u64] = le ? [int32le, uint32le, u64le] : [int32be, uint32be, u64be];
  const word = shape === 'wide' ? u64 : u32;
  return new Struct<RawHeader>({
    signature: new Text(8, 'latin1'),
    version: i32,
    uts: new Text(6 * UTS_FIELD, 'latin1'),
    pad: new Text(shape === 'wide' ? 6 : 2, 'latin1'),
    seconds: word,
    microseconds: word,
    status: u32,
    blockSize: u32,
    subHeaderBlocks: u32,
    bitmapBlocks: u32,
    maxMapnr: u32,
    totalRamBlocks: u32,
    deviceBlocks: u32,
    writtenBlocks: u32,
    currentCpu: u32,
    cpus: u32,
  });
}

function subStruct(le: boolean, shape: Shape): Struct<RawSubHeader> {
  const [i32, u32, u64] = le ? [int32le, uint32le, u64le] : [int32be, uint32be, u64be];
  const word = shape === 'wide' ? u64 : u32;
  const pad = new Text(shape === 'padded' ? 4 : 0, 'latin1');
  return new Struct<RawSubHeader>({
    physBase: word,
    dumpLevel: i32,
    split: i32,
    startPfn: word,
    endPfn: word,
    pad,
    vmcoreinfoOffset: u64,
    vmcoreinfoSize: word,
    padNotes: pad,
    noteOffset: u64,
    noteSize: word,
    padErase: pad,
    eraseOffset: u64,
    eraseSize: word,
    padPfns: pad,
    startPfn64: u64,
    endPfn64: u64,
    maxMapnr64: u64,
  });
}

/** Bytes of the largest sub-header. */
const SUB_BYTES = 104;

/** Of the two shapes with 32-bit words that in which the sub-header repeats the number of pages, or, before version 6, that of the machine. */
function narrowShape(le: boolean, sub: Uint8Array, { version, maxMapnr }: RawHeader, machine: string): Shape {
  if (version >= 6) {
    for (const shape of ['packed', 'padded'] as const)
      if (subStruct(le, shape).fromBuffer(sub).maxMapnr64 === BigInt(maxMapnr)) return shape;
  }
  return machine.startsWith('arm') ? 'padded' : 'packed';
}

/** The part of the main header, up to the status, that distinguishes the parts of one split dump from other files. */
export function identity(source: ByteSource): string {
  return Buffer.from(readUpTo(source, 0, 424)).toString('latin1');
}

/** Reads both headers, of a 64-bit or a 32-bit kernel. Throws FormatError. */
export function readHeader(source: ByteSource, warnings: string[]): KdumpHeader {
  const bytes = new Uint8Array(464);
  const got = source.readInto(0, bytes);
  const fail = (offset: number, expected: string, found: string): never => {
    throw new FormatError({ file: source.name, offset, expected, found });
  };
  if (got < bytes.length)
    fail(0, 'a kdump header of 464 bytes', `a file of ${got} bytes, which is truncated`);
  const view = viewOf(bytes);
  const le = view.getUint16(8, true) !== 0 && view.getUint16(10, true) === 0;
  if (!le && (view.getUint16(8) !== 0 || view.getUint16(10) === 0)) {
    fail(8, 'a header version from 1 to 6', `0x${view.getUint32(8, true).toString(16)}`);
  }
  const isNarrow = !fits(view, BLOCK_SIZE_64, le) && fits(view, BLOCK_SIZE_32, le);
  const raw = mainStruct(le, isNarrow ? 'packed' : 'wide').fromBuffer(bytes);
  const { blockSize } = raw;
  if (!isBlockSize(blockSize)) {
    fail(BLOCK_SIZE_64, 'a block size that is a power of two from 1 KiB to 1 MiB', `${blockSize}`);
  }
  if (raw.version < 0 || raw.version > 6) {
    warnings.push(`header version ${raw.version} is unknown, it was read as version 6`);
  }
  const version = raw.version < 0 || raw.version > 6 ? 6 : raw.version;
  const subBytes = new Uint8Array(SUB_BYTES);
  if (source.readInto(blockSize, subBytes) < subBytes.length) {
    fail(blockSize, 'the sub-header', 'the end of the file, which is truncated');
  }
  const [sysname, nodename, release, utsVersion, machine] = Array.from({ length: 5 }, (_, i) =>
    cString(bytes.subarray(12 + i * UTS_FIELD, 12 + (i + 1) * UTS_FIELD)),
  );
  const shape = isNarrow ? narrowShape(le, subBytes, raw, machine!) : 'wide';
  const more = subStruct(le, shape).fromBuffer(subBytes);
  const wide = version >= 6;
  const pages = wide && more.maxMapnr64 > 0n ? more.maxMapnr64 : BigInt(raw.maxMapnr);
  if (pages > BigInt(MAX_PFN)) fail(blockSize + 96, 'at most 2^40 pages', `0x${pages.toString(16)}`);
  const range = {
    start: wide ? more.startPfn64 : BigInt(more.startPfn),
    end: wide ? more.endPfn64 : BigInt(more.endPfn),
  };
  const isSplit = version >= 2 && more.split !== 0;
  if (isSplit && (range.start > range.end || range.start > pages)) {
    fail(blockSize + 80, 'the page frames of one part of a split dump', `${range.start} to ${range.end}`);
  }
  const area = (since: number, offset: bigint, length: Word) => {
    const size = BigInt(length);
    return version >= since && offset > 0n && size > 0n ? { offset, size } : undefined;
  };
  return {
    littleEndian: le,
    version,
    utsname: {
      sysname: sysname!,
      nodename: nodename!,
      release: release!,
      version: utsVersion!,
      machine: machine!,
    },
    timestamp: Number(raw.seconds),
    status: raw.status,
    blockSize,
    subHeaderBlocks: raw.subHeaderBlocks,
    bitmapBlocks: raw.bitmapBlocks,
    pages: Number(pages),
    cpus: raw.cpus,
    physBase: BigInt(more.physBase),
    dumpLevel: version >= 1 ? more.dumpLevel : undefined,
    split: isSplit
      ? { start: Number(range.start), end: Math.min(Number(range.end), Number(pages)) }
      : undefined,
    vmcoreinfo: area(3, more.vmcoreinfoOffset, more.vmcoreinfoSize),
    notes: area(4, more.noteOffset, more.noteSize),
    eraseinfo: area(5, more.eraseOffset, more.eraseSize),
  };
}

/** Whether there is a block size at `at`, and behind it as many blocks of bitmaps as the number of pages needs. */
function fits(view: DataView, at: number, le: boolean): boolean {
  const [blockSize, , bitmapBlocks, pages] = [0, 4, 8, 12].map((offset) => view.getUint32(at + offset, le));
  return isBlockSize(blockSize!) && bitmapBlocks! * blockSize! * 8 >= pages! && bitmapBlocks! > 0;
}

function isBlockSize(size: number): boolean {
  return size >= 1024 && size <= MAX_BLOCK && (size & (size - 1)) === 0;
}

/** Whether a file starts like a kdump; `damaged` if only the signature itself is wrong. */
export function looksLikeKdump(source: ByteSource): 'yes' | 'no' | 'damaged' {
  const bytes = readUpTo(source, 0, 464);
  if (hasText(bytes, SIGNATURE)) return 'yes';
  if (bytes.length < 464) return 'no';
  let same = 0;
  for (let i = 0; i < 8; i++) if (bytes[i] === SIGNATURE.charCodeAt(i)) same++;
  const view = viewOf(bytes);
  const plausible = [true, false].some((le) => {
    const version = view.getUint32(8, le);
    const hasSize = [BLOCK_SIZE_64, BLOCK_SIZE_32].some((at) => isBlockSize(view.getUint32(at, le)));
    return version >= 1 && version <= 6 && hasSize;
  });
  return same >= 6 && plausible ? 'damaged' : 'no';
}
