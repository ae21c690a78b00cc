import { viewOf } from '../core/bytes.ts';
import { StructPageError } from '../core/errors.ts';
import { parseBtfHeader } from './btf/header.ts';

/** What the bytes of a kernel in memory contain. */
export interface FlatImage {
  /** From the header of the BTF to its end. */
  readonly btf: Uint8Array;
  /** GNU build id, hexadecimal. */
  readonly buildId: string | undefined;
  /** e_machine of ELF, if the boot header names the machine of the image. */
  readonly machine: number | undefined;
}

/** Types of a kernel take megabytes; smaller ones belong to a module, or are chance. */
const LEAST_BTF = 256 * 1024;
/** A vDSO has a few pages. */
const LARGEST_VDSO = 1024 * 1024;
const BTF_MAGIC = 0xeb9f;
/** A note with the name "GNU" and type 3, with 20 bytes (Elf_Nhdr: name size, size, type). */
const BUILD_ID_NOTE = { nameSize: 4, size: 20, type: 3 } as const;

/**
 * Boot headers, by the place of their magic (Documentation/arch/arm64/booting.rst,
 * Documentation/arch/riscv/boot-image-header.rst, arch/loongarch/kernel/head.S).
 */
const BOOT_HEADERS: readonly { readonly at: number; readonly magic: string; readonly machine: number }[] = [
  { at: 56, magic: 'ARM\x64', machine: 183 },
  { at: 56, magic: 'RSC\x05', machine: 243 },
  { at: 56, magic: '\xcd\x23\x82\x81', machine: 258 },
];

/**
 * Finds the BTF and the build id in a kernel image without section headers: the Image of arm64 and riscv64, or what any
 * boot loader unpacks. Undefined if it has no BTF.
 */
export function findInFlatImage(bytes: Uint8Array, name: string): FlatImage | undefined {
  const btf = findBtf(bytes, name);
  if (!btf) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const boot = BOOT_HEADERS.find(
    ({ at, magic }) => buffer.toString('latin1', at, at + magic.length) === magic,
  );
  const littleEndian = viewOf(btf).getUint16(0, true) === BTF_MAGIC;
  return { btf, buildId: findBuildId(buffer, littleEndian), machine: boot?.machine };
}

function findBtf(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const magic of [Buffer.from([0x9f, 0xeb, 1]), Buffer.from([0xeb, 0x9f, 1])]) {
    for (let at = buffer.indexOf(magic); at >= 0; at = buffer.indexOf(magic, at + 1)) {
      try {
        const { end, stringsAt, stringsLength } = parseBtfHeader(bytes.subarray(at), name);
        const last = at + stringsAt + stringsLength - 1;
        if (end < LEAST_BTF || at + end > bytes.length) continue;
        if (bytes[at + stringsAt] === 0 && bytes[last] === 0) return bytes.subarray(at, at + end);
      } catch (error) {
        if (!(error instanceof StructPageError)) throw error;
      }
    }
  }
  return undefined;
}

/** The build id that does not belong to a vDSO, which the image holds as whole ELF files; undefined if several remain. */
function findBuildId(buffer: Buffer, littleEndian: boolean): string | undefined {
  const { nameSize, size, type } = BUILD_ID_NOTE;
  const header = Buffer.alloc(16);
  for (const [i, word] of [nameSize, size, type].entries()) {
    if (littleEndian) header.writeUInt32LE(word, i * 4);
    else header.writeUInt32BE(word, i * 4);
  }
  header.write('GNU\0', 12, 'latin1');
  const inner = embeddedFiles(buffer);
  const found = new Set<string>();
  for (let at = buffer.indexOf(header); at >= 0; at = buffer.indexOf(header, at + 1)) {
    if (inner.some(({ start, end }) => at >= start && at < end)) continue;
    found.add(buffer.toString('hex', at + header.length, at + header.length + size));
  }
  return found.size === 1 ? [...found][0] : undefined;
}

/** ELF files of either word size within the image, up to the end of their section headers, which come last. */
function embeddedFiles(buffer: Buffer): { start: number; end: number }[] {
  const files: { start: number; end: number }[] = [];
  const view = viewOf(buffer);
  for (let start = buffer.indexOf('\x7fELF'); start >= 0; start = buffer.indexOf('\x7fELF', start + 4)) {
    if (start + 64 > buffer.length) break;
    const littleEndian = buffer[start + 5] === 1;
    const wide = buffer[start + 4] === 2;
    const sections = wide
      ? Number(view.getBigUint64(start + 40, littleEndian))
      : view.getUint32(start + 32, littleEndian);
    const size = view.getUint16(start + (wide ? 58 : 46), littleEndian);
    const count = view.getUint16(start + (wide ? 60 : 48), littleEndian);
    const length = sections + size * count;
    if (length <= LARGEST_VDSO) files.push({ start, end: start + length });
  }
  return files;
}
