import { Array as ArrayOf, Struct, uint8, uint16be, uint16le, uint32be, uint32le } from 'restructure';
import { type ByteSource, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { u64be, u64le } from './u64.ts';

export const ET_CORE = 4;
export const PT_LOAD = 1;
export const PT_NOTE = 4;
/** The value of e_phnum if the actual number is in sh_info of section header 0 (gABI). */
const PN_XNUM = 0xffff;
/**
 * Maximum number of program headers: more are damage, or would take too much memory, since they stay in memory while the
 * file is open.
 */
const MAX_PROGRAM_HEADERS = 1 << 20;
const MAX_PROGRAM_SIZE = 1024;
/** Number of program headers read at a time. */
const CHUNK = 4096;
/** Maximum size of section headers; those of any file have some KiB. */
const MAX_SECTION_HEADERS = 16 * 1024 * 1024;

export interface ElfHeader {
  /** Bytes of an address: class 1 (32 bit) or 2 (64 bit). */
  readonly wordBytes: 4 | 8;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  readonly programOffset: number;
  readonly programSize: number;
  readonly programCount: number;
  readonly sectionOffset: number;
  readonly sectionSize: number;
  readonly sectionCount: number;
  readonly sectionNames: number;
}

export interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly fileSize: number;
  readonly memorySize: number;
}

export interface SectionHeader {
  readonly name: number;
  readonly type: number;
  /** The low 32 bits of sh_flags; the others are not used. */
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

interface RawHeader extends Record<string, unknown> {
  type: number;
  machine: number;
  phoff: bigint | number;
  shoff: bigint | number;
  phentsize: number;
  phnum: number;
  shentsize: number;
  shnum: number;
  shstrndx: number;
}

function headerStruct(wide: boolean, le: boolean): Struct<RawHeader> {
  const [u16, u32, u64] = le ? [uint16le, uint32le, u64le] : [uint16be, uint32be, u64be];
  const word = wide ? u64 : u32;
  return new Struct({
    ident: new ArrayOf(uint8, 16),
    type: u16,
    machine: u16,
    version: u32,
    entry: word,
    phoff: word,
    shoff: word,
    flags: u32,
    ehsize: u16,
    phentsize: u16,
    phnum: u16,
    shentsize: u16,
    shnum: u16,
    shstrndx: u16,
  });
}

/** Bytes of the headers of each class, and where the numbers in them are (gABI). The wide ones have 64-bit words. */
interface Shape {
  readonly header: number;
  readonly program: number;
  readonly section: number;
  readonly programAt: Readonly<Record<'offset' | 'virtual' | 'physical' | 'fileSize' | 'memorySize', number>>;
  readonly sectionAt: Readonly<Record<'flags' | 'offset' | 'size' | 'link' | 'info', number>>;
}
const SHAPES: Readonly<Record<4 | 8, Shape>> = {
  4: {
    header: 52,
    program: 32,
    section: 40,
    programAt: { offset: 4, virtual: 8, physical: 12, fileSize: 16, memorySize: 20 },
    sectionAt: { flags: 8, offset: 16, size: 20, link: 24, info: 28 },
  },
  8: {
    header: 64,
    program: 56,
    section: 64,
    programAt: { offset: 8, virtual: 16, physical: 24, fileSize: 32, memorySize: 40 },
    sectionAt: { flags: 8, offset: 24, size: 32, link: 40, info: 44 },
  },
};

/** Reads an address, an offset or a size of the class of the file. */
function wordReader(view: DataView, { wordBytes, littleEndian }: ElfHeader): (at: number) => bigint {
  return wordBytes === 8
    ? (at) => view.getBigUint64(at, littleEndian)
    : (at) => BigInt(view.getUint32(at, littleEndian));
}

/** Reads the file header of an ELF file of either class and byte order. */
export function parseElfHeader(source: ByteSource): ElfHeader {
  const bytes = readUpTo(source, 0, 64);
  const wordBytes = bytes[4] === 1 ? 4 : 8;
  const { header: size } = SHAPES[wordBytes];
  if (bytes.length < size) {
    throw new FormatError({
      file: source.name,
      offset: 0,
      expected: `an ELF header of ${size} bytes`,
      found: `a file of ${bytes.length} bytes`,
      advice: 'The file is truncated',
    });
  }
  const order = bytes[5];
  if ((bytes[4] !== 1 && bytes[4] !== 2) || (order !== 1 && order !== 2)) {
    throw new FormatError({
      file: source.name,
      offset: 4,
      expected: 'class 1 (32 bit) or 2 (64 bit) and byte order 1 or 2',
      found: `class ${bytes[4]}, byte order ${order}`,
    });
  }
  const raw = headerStruct(wordBytes === 8, order === 1).fromBuffer(bytes.subarray(0, size));
  const header: ElfHeader = {
    wordBytes,
    littleEndian: order === 1,
    type: raw.type,
    machine: raw.machine,
    programOffset: offsetOf(source, 'e_phoff', BigInt(raw.phoff)),
    programSize: raw.phentsize,
    programCount: raw.phnum,
    sectionOffset: offsetOf(source, 'e_shoff', BigInt(raw.shoff)),
    sectionSize: raw.shentsize,
    sectionCount: raw.shnum,
    sectionNames: raw.shstrndx,
  };
  if (header.programCount !== PN_XNUM) return header;
  const first = parseSectionHeaders(source, { ...header, sectionCount: 1 })[0];
  if (!first) {
    throw new FormatError({
      file: source.name,
      offset: header.sectionOffset,
      expected: 'section header 0 with the number of segments (e_phnum is 0xffff)',
      found: 'the end of the file',
    });
  }
  return { ...header, programCount: first.info };
}

function offsetOf(source: ByteSource, field: string, value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new FormatError({
    file: source.name,
    expected: `${field} within the file`,
    found: `0x${value.toString(16)}`,
  });
}

/** Caps sizes, which may be nonsense in a damaged header; the reader finds the end of the file itself. */
function clamp(value: bigint): number {
  const most = 2n ** 52n;
  return Number(value > most ? most : value);
}

/** Reads the program headers; adds to `warnings` how many are cut off. */
export function parseProgramHeaders(
  source: ByteSource,
  header: ElfHeader,
  warnings: string[],
): ProgramHeader[] {
  const { programOffset, programSize, programCount, littleEndian: le } = header;
  const { program: least, programAt } = SHAPES[header.wordBytes];
  if (programCount > 0 && (programSize < least || programSize > MAX_PROGRAM_SIZE)) {
    throw new FormatError({
      file: source.name,
      offset: header.wordBytes === 8 ? 54 : 42,
      expected: `e_phentsize of ${least} to ${MAX_PROGRAM_SIZE}`,
      found: `${programSize}`,
    });
  }
  if (programCount > MAX_PROGRAM_HEADERS) {
    throw new FormatError({
      file: source.name,
      expected: `at most ${MAX_PROGRAM_HEADERS} segments`,
      found: `${programCount}`,
    });
  }
  const out: ProgramHeader[] = [];
  while (out.length < programCount) {
    const want = Math.min(CHUNK, programCount - out.length);
    const bytes = readUpTo(source, programOffset + out.length * programSize, want * programSize);
    const view = viewOf(bytes);
    const word = wordReader(view, header);
    const there = Math.floor(bytes.length / programSize);
    for (let i = 0; i < there; i++) {
      const at = i * programSize;
      out.push({
        type: view.getUint32(at, le),
        offset: clamp(word(at + programAt.offset)),
        virtual: word(at + programAt.virtual),
        physical: word(at + programAt.physical),
        fileSize: clamp(word(at + programAt.fileSize)),
        memorySize: clamp(word(at + programAt.memorySize)),
      });
    }
    if (there < want) break;
  }
  if (out.length < programCount) {
    if (out.length === 0) {
      throw new FormatError({
        file: source.name,
        offset: programOffset,
        expected: `${programCount} program headers`,
        found: 'the end of the file',
        advice: 'The file is truncated',
      });
    }
    warnings.push(`the file ends after ${out.length} of ${programCount} program headers: it is truncated`);
  }
  return out;
}

/** Reads the section headers that are in the file. */
export function parseSectionHeaders(source: ByteSource, header: ElfHeader): SectionHeader[] {
  const { sectionOffset, sectionSize, sectionCount, littleEndian: le } = header;
  const { section: least, sectionAt } = SHAPES[header.wordBytes];
  if (sectionSize < least || sectionOffset === 0) return [];
  const bytes = readUpTo(source, sectionOffset, Math.min(sectionCount * sectionSize, MAX_SECTION_HEADERS));
  const view = viewOf(bytes);
  const word = wordReader(view, header);
  const out: SectionHeader[] = [];
  for (let at = 0; at + least <= bytes.length; at += sectionSize) {
    out.push({
      name: view.getUint32(at, le),
      type: view.getUint32(at + 4, le),
      flags: Number(word(at + sectionAt.flags) & 0xffffffffn),
      offset: clamp(word(at + sectionAt.offset)),
      size: clamp(word(at + sectionAt.size)),
      link: view.getUint32(at + sectionAt.link, le),
      info: view.getUint32(at + sectionAt.info, le),
    });
  }
  return out;
}
