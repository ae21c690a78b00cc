import { type ByteSource, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError, UnsupportedError } from '../core/errors.ts';
import { parseBtfHeader } from '../formats/btf/header.ts';
import { isBzImage, unpackBzImage } from '../formats/bz-image.ts';
import { dwarfToBtf } from '../formats/dwarf/to-btf.ts';
import { parseElfHeader } from '../formats/elf.ts';
import { parseNotes } from '../formats/elf-notes.ts';
import { type ElfSection, ElfSections } from '../formats/elf-sections.ts';
import { elfSymbols } from '../formats/elf-symbols.ts';
import { findInFlatImage } from '../formats/flat-image.ts';
import type { SymbolOffsets } from './type-facts.ts';
import { wantedEnums, wantedPaths } from './wanted-objects.ts';
import { WANTED_SYMBOLS } from './wanted-symbols.ts';

/** The contents of a kernel file that the user named. */
export interface KernelFile {
  readonly kind: 'vmlinux' | 'bzImage' | 'Image' | 'btf';
  /** The source of the types. */
  readonly typesFrom: 'BTF' | 'DWARF';
  /** The types; parse them with `Btf.parse`. */
  readonly btf: Uint8Array;
  /** uname -r; raw BTF has none. */
  readonly release: string | undefined;
  /** GNU build id in hexadecimal; raw BTF has none. */
  readonly buildId: string | undefined;
  /** e_machine of the ELF file; raw BTF and some images have none. */
  readonly machine: number | undefined;
  /** Where variables are, of ELF files that have not been stripped. */
  readonly symbols?: SymbolOffsets;
}

/** Decompresses a section into memory or a temporary file. Throws FormatError if it is damaged. */
export type Inflate = (section: ElfSection, name: string) => Promise<ByteSource>;

/** Larger than the types or the read-only data of any kernel. */
const MAX_SECTION = 256 * 1024 * 1024;
const NT_GNU_BUILD_ID = 3;

/**
 * Reads vmlinux or its debug file (ELF with a section .BTF, else with DWARF), raw BTF (/sys/kernel/btf/vmlinux), a bzImage
 * (/boot/vmlinuz-…) whose compression Node.js can undo, or an uncompressed image, as arm64 and riscv64 boot. Throws
 * UnsupportedError if the file is none of these or has no types, FormatError if it is damaged.
 */
export async function readKernelFile(source: ByteSource, inflate: Inflate): Promise<KernelFile> {
  const start = readUpTo(source, 0, 0x270);
  if (hasText(start, '\x7fELF')) return { kind: 'vmlinux', ...(await fromElf(source, inflate)) };
  if (isBzImage(start)) return { kind: 'bzImage', ...(await fromElf(unpackBzImage(source, start), inflate)) };
  if (start.length >= 24 && [0xeb9f, 0x9feb].includes(viewOf(start).getUint16(0))) {
    const { end } = parseBtfHeader(start, source.name);
    const btf = readUpTo(source, 0, Math.min(end, MAX_SECTION));
    const nothing = { release: undefined, buildId: undefined, machine: undefined };
    return { kind: 'btf', typesFrom: 'BTF', btf, ...nothing };
  }
  const image = source.byteLength <= MAX_SECTION ? readUpTo(source, 0, source.byteLength) : new Uint8Array(0);
  const found = findInFlatImage(image, source.name);
  if (found) return { kind: 'Image', typesFrom: 'BTF', ...found, release: releaseIn(image) };
  throw new UnsupportedError(
    `${source.name}: neither vmlinux (ELF), vmlinuz (bzImage, or an image with BTF in it), nor BTF`,
    'give the kernel that the dump is of, or its BTF as /sys/kernel/btf/vmlinux has it',
  );
}

async function fromElf(source: ByteSource, inflate: Inflate): Promise<Omit<KernelFile, 'kind'>> {
  const header = parseElfHeader(source);
  const { littleEndian } = header;
  const sections = new ElfSections(source, header);
  const own = sections.read('.BTF', MAX_SECTION);
  const btf = own ?? (await fromDwarf(source.name, sections, littleEndian, inflate));
  if (!btf) {
    throw new UnsupportedError(
      `${source.name}: an ELF file with neither a section .BTF nor .debug_info`,
      'a kernel built with CONFIG_DEBUG_INFO_BTF, or the file with its debug information',
    );
  }
  const notes = parseNotes(sections.read('.notes', MAX_SECTION) ?? new Uint8Array(0), littleEndian).notes;
  const buildId = notes.find((note) => note.name === 'GNU' && note.type === NT_GNU_BUILD_ID);
  return {
    typesFrom: own ? 'BTF' : 'DWARF',
    machine: header.machine,
    btf,
    release: releaseIn(sections.read('.rodata', MAX_SECTION)),
    buildId: buildId && Buffer.from(buildId.desc).toString('hex'),
    ...symbolsIn(elfSymbols(header, sections, new Set([TEXT, ...WANTED_SYMBOLS]))),
  };
}

/** The symbol that others are told by, as KASLR moves the image as a whole. */
const TEXT = '_stext';

function symbolsIn(found: ReadonlyMap<string, bigint>): Pick<KernelFile, 'symbols'> {
  const text = found.get(TEXT);
  if (text === undefined) return {};
  const offsets = [...found].map(([name, value]): [string, number] => [name, Number(value - text)]);
  // per-CPU variables of x86-64 are offsets into something else
  const within = offsets.filter(([name, offset]) => name !== TEXT && Math.abs(offset) < MAX_SECTION);
  return { symbols: Object.fromEntries(within.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

async function fromDwarf(
  name: string,
  sections: ElfSections,
  littleEndian: boolean,
  inflate: Inflate,
): Promise<Uint8Array | undefined> {
  const open: ByteSource[] = [];
  const plain = async (section: string): Promise<ByteSource | undefined> => {
    const found = sections.find(section);
    if (!found) return undefined;
    const source = found.compression === 'none' ? found.packed : await inflate(found, section);
    open.push(source);
    return source;
  };
  const whole = async (section: string): Promise<Uint8Array> => {
    const source = await plain(section);
    if (!source) return new Uint8Array(0);
    if (source.byteLength <= MAX_SECTION) return readUpTo(source, 0, source.byteLength);
    throw new FormatError({
      file: `${name}, ${section}`,
      expected: `at most ${MAX_SECTION} bytes`,
      found: `${source.byteLength}`,
    });
  };
  try {
    const info = await plain('.debug_info');
    return (
      info &&
      dwarfToBtf(
        {
          name,
          littleEndian,
          info,
          abbrev: await whole('.debug_abbrev'),
          str: await whole('.debug_str'),
          lineStr: await whole('.debug_line_str'),
          strOffsets: await whole('.debug_str_offsets'),
        },
        { structs: new Set(wantedPaths(true).keys()), enums: new Set(wantedEnums(true)) },
      )
    );
  } finally {
    for (const source of open) source.close();
  }
}

/** linux_banner (init/version.c): `Linux version 6.12.107+deb13-cloud-amd64 (…`. */
function releaseIn(bytes: Uint8Array | undefined): string | undefined {
  if (!bytes) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = 'Linux version ';
  for (let at = buffer.indexOf(text); at >= 0; at = buffer.indexOf(text, at + 1)) {
    const release = /^Linux version (\S+) \(/.exec(buffer.toString('latin1', at, at + 200))?.[1];
    // The format string of /proc/version has `%s` in this place.
    if (release && !release.includes('%')) return release;
  }
  return undefined;
}
