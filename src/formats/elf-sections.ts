import { type ByteSource, cString, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { type ElfHeader, parseSectionHeaders, type SectionHeader } from './elf.ts';

/** A section of an ELF file. */
export interface ElfSection {
  /** Its bytes in the file, without the header of a compressed section. */
  readonly packed: ByteSource;
  readonly compression: 'none' | 'zlib' | 'zstd';
  /** Its uncompressed size in bytes. */
  readonly size: number;
}

const SHT_NOBITS = 8;
const SHF_COMPRESSED = 0x800;
/** Sizes of Elf32_Chdr and Elf64_Chdr, and of the older GNU header of .zdebug sections, in bytes. */
const CHDR_BYTES = { 4: 12, 8: 24 } as const;
const ZDEBUG_BYTES = 12;
const COMPRESSIONS: Readonly<Record<number, 'zlib' | 'zstd'>> = { 1: 'zlib', 2: 'zstd' };

/** The sections of an ELF file by name. Sections of a debug file without contents (SHT_NOBITS) are left out. */
export class ElfSections {
  readonly #source: ByteSource;
  readonly #littleEndian: boolean;
  readonly #wordBytes: 4 | 8;
  readonly #headers: ReadonlyMap<string, SectionHeader>;

  constructor(source: ByteSource, header: ElfHeader) {
    this.#source = source;
    this.#littleEndian = header.littleEndian;
    this.#wordBytes = header.wordBytes;
    const all = parseSectionHeaders(source, header);
    const strings = all[header.sectionNames];
    const names = strings ? readUpTo(source, strings.offset, strings.size) : new Uint8Array(0);
    const there = all.filter((s) => s.type !== SHT_NOBITS && s.size > 0);
    this.#headers = new Map(there.map((s) => [cString(names, Math.min(s.name, names.length)), s]));
  }

  /** Throws FormatError if the header of a compressed section is damaged. */
  find(name: string): ElfSection | undefined {
    const header = this.#headers.get(name);
    if (header) return header.flags & SHF_COMPRESSED ? this.#compressed(name, header) : this.#plain(header);
    const old = name.startsWith('.debug_') ? this.#headers.get(`.z${name.slice(1)}`) : undefined;
    return old && this.#zdebug(name, old);
  }

  /** The bytes of an uncompressed section, at most `most`. */
  read(name: string, most: number): Uint8Array | undefined {
    const header = this.#headers.get(name);
    return header && readUpTo(this.#source, header.offset, Math.min(header.size, most));
  }

  #plain({ offset, size }: SectionHeader): ElfSection {
    return { packed: partOf(this.#source, offset, size), compression: 'none', size };
  }

  #compressed(name: string, { offset, size }: SectionHeader): ElfSection {
    const length = CHDR_BYTES[this.#wordBytes];
    const header = readUpTo(this.#source, offset, length);
    const type = header.length === length ? viewOf(header).getUint32(0, this.#littleEndian) : 0;
    const compression = COMPRESSIONS[type];
    if (!compression) throw this.#damaged(name, offset, `compression type ${type}`);
    const view = viewOf(header);
    const plain =
      this.#wordBytes === 8
        ? Number(view.getBigUint64(8, this.#littleEndian))
        : view.getUint32(4, this.#littleEndian);
    return { packed: partOf(this.#source, offset + length, size - length), compression, size: plain };
  }

  #zdebug(name: string, { offset, size }: SectionHeader): ElfSection {
    const header = readUpTo(this.#source, offset, ZDEBUG_BYTES);
    if (!hasText(header, 'ZLIB') || header.length < ZDEBUG_BYTES) {
      throw this.#damaged(name, offset, 'a .zdebug section without its header');
    }
    const plain = Number(viewOf(header).getBigUint64(4, false));
    const packed = partOf(this.#source, offset + ZDEBUG_BYTES, size - ZDEBUG_BYTES);
    return { packed, compression: 'zlib', size: plain };
  }

  #damaged(name: string, offset: number, found: string): FormatError {
    return new FormatError({
      file: `${this.#source.name}, ${name}`,
      offset,
      expected: 'a section compressed with zlib or zstd',
      found,
    });
  }
}

/** A part of a source as its own source; closing it leaves the whole open. */
export function partOf(source: ByteSource, start: number, length: number): ByteSource {
  const byteLength = Math.max(0, Math.min(length, source.byteLength - start));
  return {
    name: source.name,
    byteLength,
    readInto(offset, target) {
      if (offset >= byteLength) return 0;
      return source.readInto(
        start + offset,
        target.subarray(0, Math.min(target.length, byteLength - offset)),
      );
    },
    close() {},
  };
}
