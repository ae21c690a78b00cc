import { type ByteSource, hasText, readUpTo } from '../core/bytes.ts';
import { FormatError, UnsupportedError } from '../core/errors.ts';
import {
  type ElfHeader,
  ET_CORE,
  type ProgramHeader,
  PT_LOAD,
  PT_NOTE,
  parseElfHeader,
  parseProgramHeaders,
} from '../formats/elf.ts';
import { captureOf, type ElfNote, parseNotes } from '../formats/elf-notes.ts';
import type { ImageFormat, OpenImage } from './image-format.ts';
import { type Piece, piecesMemory } from './pieces.ts';

/** Maximum size and number of notes, which have a few KiB per CPU; more are damage. */
const MAX_NOTE_BYTES = 64 * 1024 * 1024;
const MAX_NOTES = 1 << 17;

/** p_paddr of a segment whose physical address the writer did not know (/proc/kcore and its copies), by the bytes of an address. */
const NO_PADDR = { 4: 0xffffffffn, 8: 0xffffffffffffffffn } as const;

/**
 * ELF core files: QEMU dump-guest-memory, copies of /proc/vmcore, makedumpfile -E, VirtualBox, libvirt. Only physical
 * addresses (p_paddr) are used. The writer left out what p_memsz has beyond p_filesz.
 */
export const elf: ImageFormat = {
  name: 'elf',

  probe(source) {
    return hasText(readUpTo(source, 0, 4), '\x7fELF');
  },

  open(source): OpenImage {
    const header = parseElfHeader(source);
    if (header.type !== ET_CORE) {
      throw new FormatError({
        file: source.name,
        offset: 16,
        expected: 'an ELF core file (e_type 4)',
        found:
          header.type === 2 || header.type === 3
            ? `an ELF program or vmlinux (e_type ${header.type})`
            : `e_type ${header.type}`,
        advice: 'Name the memory dump itself; a vmlinux goes to --layout',
      });
    }
    const warnings: string[] = [];
    const programs = parseProgramHeaders(source, header, warnings);
    const notes = readNotes(source, header, programs, warnings);
    const loads = programs.filter((p) => p.type === PT_LOAD);
    if (loads.length === 0) {
      throw new FormatError({ file: source.name, expected: 'at least one PT_LOAD segment', found: 'none' });
    }
    return {
      format: `ELF core${producer(notes, loads)}`,
      memory: piecesMemory(source, physicalPieces(source, header, loads, warnings)),
      notes,
      machine: header.machine,
      details: [
        ['segments', `${loads.length} PT_LOAD, ${programs.length - loads.length} other`],
        ['byte order', header.littleEndian ? 'little endian' : 'big endian'],
        ...filter(notes, loads),
      ],
      warnings,
      close: () => source.close(),
    };
  },
};

function readNotes(
  source: ByteSource,
  header: ElfHeader,
  programs: readonly ProgramHeader[],
  warnings: string[],
): ElfNote[] {
  const all: ElfNote[] = [];
  let left = MAX_NOTE_BYTES;
  for (const program of programs) {
    if (program.type !== PT_NOTE) continue;
    if (program.fileSize > left) {
      warnings.push(`PT_NOTE at offset ${program.offset} claims ${program.fileSize} bytes and was not read`);
      continue;
    }
    const bytes = readUpTo(source, program.offset, program.fileSize);
    left -= program.fileSize;
    const { notes, cut } = parseNotes(bytes, header.littleEndian, MAX_NOTES - all.length);
    if (cut || bytes.length < program.fileSize) {
      warnings.push(`PT_NOTE at offset ${program.offset} is cut off or damaged after ${notes.length} notes`);
    }
    for (const note of notes) all.push(note);
  }
  return all;
}

function physicalPieces(
  source: ByteSource,
  { wordBytes }: ElfHeader,
  loads: readonly ProgramHeader[],
  warnings: string[],
): Piece[] {
  const known = loads.filter((p) => p.physical !== NO_PADDR[wordBytes]);
  // kernels before 4.14 write 0 as the physical address of every segment of /proc/kcore
  const zeros = known.filter((p) => p.physical === 0n && p.memorySize > 0);
  if (known.length === 0 || (zeros.length > 1 && zeros.length === known.length)) {
    throw new UnsupportedError(
      `${source.name}: an ELF core whose segments have no physical addresses`,
      'a copy of /proc/kcore of a kernel before 4.14 cannot be used; take a dump with makedumpfile, LiME or AVML',
    );
  }
  let cutOff = 0;
  const pieces: Piece[] = [];
  for (const p of known) {
    if (p.physical > BigInt(Number.MAX_SAFE_INTEGER - p.memorySize)) {
      warnings.push(
        `PT_LOAD with physical address 0x${p.physical.toString(16)} was ignored: no memory can be there`,
      );
      continue;
    }
    const start = Number(p.physical);
    const fileEnd = start + Math.min(p.fileSize, p.memorySize || p.fileSize);
    pieces.push({ start, end: fileEnd, offset: p.offset });
    if (p.memorySize > p.fileSize)
      pieces.push({ start: fileEnd, end: start + p.memorySize, missing: 'excluded' });
    if (p.offset + p.fileSize > source.byteLength) cutOff++;
  }
  if (cutOff > 0) {
    warnings.push(
      `the file ends before the data of ${cutOff} of ${loads.length} segments: it is truncated (it has ${source.byteLength} bytes)`,
    );
  }
  return pieces;
}

/** What was left out, as far as the file tells. */
function filter(notes: readonly ElfNote[], loads: readonly ProgramHeader[]): [string, string][] {
  const captured = captureOf(notes);
  if (captured) {
    const what =
      captured === 'objects'
        ? 'the page array and the objects of the kernel, without the contents of user pages and files'
        : 'the page array and the data that leads to it, without page contents and most page tables';
    return [['contents', what]];
  }
  return isFiltered(loads) ? [['dump level', 'an ELF core records none']] : [];
}

function isFiltered(loads: readonly ProgramHeader[]): boolean {
  return loads.some((p) => p.fileSize < p.memorySize);
}

/** The program that wrote the file, if the notes or the segments tell. */
function producer(notes: readonly ElfNote[], loads: readonly ProgramHeader[]): string {
  const names = new Set(notes.map((n) => n.name));
  if (captureOf(notes)) return ' (structpage capture)';
  if (names.has('VBCORE')) return ' (VirtualBox)';
  if (names.has('QEMU')) return ' (QEMU dump-guest-memory)';
  if (isFiltered(loads)) return ' (filtered, as by makedumpfile -E)';
  return names.has('VMCOREINFO') ? ' (/proc/vmcore or alike)' : '';
}
