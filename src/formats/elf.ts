import { Array as ArrayOf, Struct, uint8, uint16be, uint16le, uint32be, uint32le } from 'restructure';
import { type ByteSource, readUpTo } from '../core/bytes.ts';
import { FormatError, UnsupportedError } from '../core/errors.ts';
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
  phoff: bigint;
  shoff: bigint;
  phentsize: number;
  phnum: number;
  shentsize: number;
  shnum: number;
  shstrndx: number;
}

function headerStruct(le: boolean): Struct<RawHeader> {
  const [u16, u32, word] = le ? [uint16le, uint32le, u64le] : [uint16be, uint32be, u64be];
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

/** Reads the file header of a 64-bit ELF file of either byte order. */
export function parseElfHeader(source: ByteSource): ElfHeader {
  const bytes = readUpTo(source, 0, 64);
  if (bytes.length < 64) {
    throw new FormatError({
      file: source.name,
      offset: 0,
      expected: 'an ELF header of 64 bytes',
      found: `a file of ${bytes.length} bytes`,
      advice: 'The file is truncated',
    });
  }
  if (bytes[4] === 1) {
    throw new UnsupportedError(`${source.name}: a 32-bit ELF file`, 'only 64-bit kernels are supported');
  }
  const order = bytes[5];
  if (bytes[4] !== 2 || (order !== 1 && order !== 2)) {
    throw new FormatError({
      file: source.name,
      offset: 4,
      expected: 'class 2 (64 bit) and byte order 1 or 2',
      found: `class ${bytes[4]}, byte order ${order}`,
    });
  }
  const raw = headerStruct(order === 1).fromBuffer(bytes);
  const header = {
    littleEndian: order === 1,
    type: raw.type,
    machine: raw.machine,
    programOffset: offsetOf(source, 'e_phoff', raw.phoff),
    programSize: raw.phentsize,
    programCount: raw.phnum,
    sectionOffset: offsetOf(source, 'e_shoff', raw.shoff),
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
  if (programCount > 0 && (programSize < 56 || programSize > MAX_PROGRAM_SIZE)) {
    throw new FormatError({
      file: source.name,
      offset: 54,
      expected: `e_phentsize of 56 to ${MAX_PROGRAM_SIZE}`,
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
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const there = Math.floor(bytes.length / programSize);
    for (let i = 0; i < there; i++) {
      const at = i * programSize;
      out.push({
        type: view.getUint32(at, le),
        offset: clamp(view.getBigUint64(at + 8, le)),
        virtual: view.getBigUint64(at + 16, le),
        physical: view.getBigUint64(at + 24, le),
        fileSize: clamp(view.getBigUint64(at + 32, le)),
        memorySize: clamp(view.getBigUint64(at + 40, le)),
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
  if (sectionSize < 64 || sectionOffset === 0) return [];
  const bytes = readUpTo(source, sectionOffset, Math.min(sectionCount * sectionSize, MAX_SECTION_HEADERS));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out: SectionHeader[] = [];
  for (let at = 0; at + 64 <= bytes.length; at += sectionSize) {
    out.push({
      name: view.getUint32(at, le),
      type: view.getUint32(at + 4, le),
      flags: Number(view.getBigUint64(at + 8, le) & 0xffffffffn),
      offset: clamp(view.getBigUint64(at + 24, le)),
      size: clamp(view.getBigUint64(at + 32, le)),
      link: view.getUint32(at + 40, le),
      info: view.getUint32(at + 44, le),
    });
  }
  return out;
}
