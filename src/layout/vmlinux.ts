import { type ByteSource, cString, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { UnsupportedError } from '../core/errors.ts';
import { parseBtfHeader } from '../formats/btf/header.ts';
import { isBzImage, unpackBzImage } from '../formats/bz-image.ts';
import { parseElfHeader, parseSectionHeaders, type SectionHeader } from '../formats/elf.ts';
import { parseNotes } from '../formats/elf-notes.ts';

/** What a file that the user names says of a kernel. */
export interface KernelFile {
  readonly kind: 'vmlinux' | 'bzImage' | 'btf';
  /** The types; parse them with `Btf.parse`. */
  readonly btf: Uint8Array;
  /** uname -r; raw BTF does not say. */
  readonly release: string | undefined;
  /** GNU build id, hexadecimal; raw BTF does not say. */
  readonly buildId: string | undefined;
}

/** Larger than the types, or the read-only data, of any kernel. */
const MAX_SECTION = 256 * 1024 * 1024;
const NT_GNU_BUILD_ID = 3;

/**
 * Reads vmlinux (ELF with a section .BTF), raw BTF (/sys/kernel/btf/vmlinux), or a bzImage (/boot/vmlinuz-…) whose
 * compression this Node can undo.
 * @throws UnsupportedError when the file is none of these, or has no BTF
 * @throws FormatError when it is damaged
 */
export function readKernelFile(source: ByteSource): KernelFile {
  const start = readUpTo(source, 0, 0x270);
  if (hasText(start, '\x7fELF')) return { kind: 'vmlinux', ...fromElf(source) };
  if (isBzImage(start)) return { kind: 'bzImage', ...fromElf(unpackBzImage(source, start)) };
  if (start.length >= 24 && [0xeb9f, 0x9feb].includes(viewOf(start).getUint16(0))) {
    const { end } = parseBtfHeader(start, source.name);
    return {
      kind: 'btf',
      btf: readUpTo(source, 0, Math.min(end, MAX_SECTION)),
      release: undefined,
      buildId: undefined,
    };
  }
  throw new UnsupportedError(
    `${source.name}: neither vmlinux (ELF), vmlinuz (bzImage), nor BTF`,
    'give the kernel that the dump is of, or its BTF as /sys/kernel/btf/vmlinux has it',
  );
}

function fromElf(source: ByteSource): Omit<KernelFile, 'kind'> {
  const header = parseElfHeader(source);
  const sections = parseSectionHeaders(source, header);
  const names = sections[header.sectionNames];
  const nameBytes = names ? read(source, names) : new Uint8Array(0);
  const section = (name: string): Uint8Array | undefined => {
    const found = sections.find((s) => cString(nameBytes, Math.min(s.name, nameBytes.length)) === name);
    return found && read(source, found);
  };
  const btf = section('.BTF');
  if (!btf || btf.length === 0) {
    throw new UnsupportedError(
      `${source.name}: an ELF file without a section .BTF`,
      'a kernel built with CONFIG_DEBUG_INFO_BTF, not stripped of its sections',
    );
  }
  const notes = parseNotes(section('.notes') ?? new Uint8Array(0), header.littleEndian).notes;
  const buildId = notes.find((note) => note.name === 'GNU' && note.type === NT_GNU_BUILD_ID);
  return {
    btf,
    release: releaseIn(section('.rodata')),
    buildId: buildId && Buffer.from(buildId.desc).toString('hex'),
  };
}

function read(source: ByteSource, section: SectionHeader): Uint8Array {
  return readUpTo(source, section.offset, Math.min(section.size, MAX_SECTION));
}

/** linux_banner (init/version.c): `Linux version 6.12.107+deb13-cloud-amd64 (…`. */
function releaseIn(bytes: Uint8Array | undefined): string | undefined {
  if (!bytes) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = 'Linux version ';
  for (let at = buffer.indexOf(text); at >= 0; at = buffer.indexOf(text, at + 1)) {
    const release = /^Linux version (\S+) \(/.exec(buffer.toString('latin1', at, at + 200))?.[1];
    // The format string of /proc/version has `%s` there.
    if (release && !release.includes('%')) return release;
  }
  return undefined;
}
