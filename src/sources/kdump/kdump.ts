import { type ByteSource, cString, readUpTo } from '../../core/bytes.ts';
import { machineOf } from '../../core/elf-machines.ts';
import { FormatError } from '../../core/errors.ts';
import { loadZstd, type ZstdDecoder } from '../../formats/compression/zstd.ts';
import { type ElfNote, parseNotes } from '../../formats/elf-notes.ts';
import type { ImageFormat, OpenImage } from '../image-format.ts';
import { checkConsistency } from './consistency.ts';
import { describeDumpLevel } from './dump-level.ts';
import { type KdumpHeader, looksLikeKdump, readHeader, SIGNATURE } from './header.ts';
import { kdumpMemory } from './memory.ts';
import { codecName, INCOMPLETE, ZSTD } from './page-codec.ts';
import { KdumpPart, readBitmaps } from './part.ts';
import { collectParts } from './split.ts';

/** Notes and VMCOREINFO have a few KiB; a larger claim is damage. */
const MAX_AREA = 16 * 1024 * 1024;
const SAMPLE = 256;

/**
 * kdump-compressed files of makedumpfile and QEMU, header versions 1 to 6: a header, two bitmaps of page frames, a
 * descriptor for each page in the file, and the separately compressed pages (makedumpfile's IMPLEMENTATION and
 * diskdump_mod.h).
 */
export const kdump: ImageFormat = {
  name: 'kdump',
  takesParts: true,

  probe(source) {
    const looks = looksLikeKdump(source);
    if (looks !== 'damaged') return looks === 'yes';
    throw new FormatError({
      file: source.name,
      offset: 0,
      expected: `the signature "${SIGNATURE}" before what is a kdump header otherwise`,
      found: `"${cString(readUpTo(source, 0, 8))}"`,
      advice: 'The file is damaged',
    });
  },

  async open(source, context): Promise<OpenImage> {
    const warnings: string[] = [];
    const header = readHeader(source, warnings);
    const zstd = needsZstd(header, source) ? await loadZstd() : undefined;
    const first = openPart(source, header, zstd, warnings);
    const { parts, gaps } = header.split
      ? collectParts(first, context, warnings, (other, h) => openPart(other, h, zstd, warnings))
      : { parts: [first], gaps: [] };
    const described = parts.find((p) => p.header.vmcoreinfo || p.header.notes) ?? first;
    const notes = readNotes(described, warnings);
    const vmcoreinfo = readArea(described, described.header.vmcoreinfo, 'VMCOREINFO', warnings);
    if (header.status & INCOMPLETE) warnings.push('the dump was never finished (its header says incomplete)');
    const machine = machineOf(header.utsname.machine);
    return {
      format: `kdump-compressed${isQemu(header) ? ' (QEMU)' : ' (makedumpfile)'}`,
      memory: kdumpMemory(parts, first.bitmaps, header.blockSize, gaps),
      notes,
      ...(vmcoreinfo ? { vmcoreinfo: cString(vmcoreinfo) } : {}),
      ...(machine === undefined ? {} : { machine }),
      details: details(first, parts.length),
      warnings,
      close: () => {
        for (const part of parts) part.source.close();
      },
    };
  },
};

function openPart(
  source: ByteSource,
  header: KdumpHeader,
  zstd: ZstdDecoder | undefined,
  warnings: string[],
): KdumpPart {
  const part = new KdumpPart(source, header, readBitmaps(source, header, warnings), zstd);
  checkConsistency(part, warnings);
  const lost = part.count - part.reached;
  if (lost > 0) {
    warnings.push(
      `${source.name} is truncated (it has ${source.byteLength} bytes): it ends before the data of about ${lost} of its ${part.count} pages; what leads to the page array is mostly at the end of a dump`,
    );
  }
  return part;
}

/** Before version 6 the status did not tell the codec. zstd came with version 6, but checking the pages is cheap. */
function needsZstd(header: KdumpHeader, source: ByteSource): boolean {
  if (header.status & ZSTD) return true;
  const probe = new KdumpPart(source, header, readBitmaps(source, header, []), undefined);
  for (let i = 0; i < Math.min(SAMPLE, probe.count); i++) {
    const d = probe.descriptor(i);
    if (d && d.flags === ZSTD) return true;
  }
  return false;
}

/** QEMU's dump.c fills in the machine, the byte order and dump level 1, and leaves the rest of utsname empty. */
function isQemu(header: KdumpHeader): boolean {
  return header.utsname.sysname === '' && header.utsname.release === '' && header.dumpLevel === 1;
}

function details(part: KdumpPart, count: number): (readonly [string, string])[] {
  const { header } = part;
  const codecs = new Map<string, number>();
  for (let i = 0; i < Math.min(SAMPLE, part.count); i++) {
    const d = part.descriptor(i);
    if (d && d.flags !== 0) codecs.set(codecName(d.flags), (codecs.get(codecName(d.flags)) ?? 0) + 1);
  }
  const main = [...codecs].sort((a, b) => b[1] - a[1])[0]?.[0] ?? codecName(header.status);
  const rows: [string, string][] = [
    ['header version', `${header.version}, ${header.littleEndian ? 'little' : 'big'} endian`],
    ['compression', main === 'none' ? 'none' : `${main}, blocks of ${header.blockSize} bytes`],
  ];
  if (isQemu(header)) rows.push(['dump level', 'none: QEMU leaves nothing out']);
  else if (header.dumpLevel !== undefined) {
    rows.push(['dump level', `${header.dumpLevel}: ${describeDumpLevel(header.dumpLevel)}`]);
  }
  if (header.utsname.release) {
    rows.push([
      'kernel in the header',
      `${header.utsname.sysname} ${header.utsname.release} ${header.utsname.machine}`,
    ]);
  }
  // makedumpfile records the time of the dump; QEMU does not
  if (header.timestamp > 0 && header.timestamp < 2 ** 40) {
    rows.push(['taken at', new Date(header.timestamp * 1000).toISOString()]);
  }
  // QEMU's value is that of the guest's firmware, or wrong if KASLR moved the kernel; structpage uses neither
  if (header.physBase !== 0n && !isQemu(header)) {
    rows.push(['phys_base in the header', `0x${header.physBase.toString(16)}`]);
  }
  if (header.split) rows.push(['split dump', `${count} ${count === 1 ? 'part' : 'parts'} at hand`]);
  if (header.eraseinfo) rows.push(['erased', `by makedumpfile --config (${header.eraseinfo.size} bytes)`]);
  return rows;
}

function readNotes(part: KdumpPart, warnings: string[]): readonly ElfNote[] {
  const bytes = readArea(part, part.header.notes, 'ELF notes', warnings);
  if (!bytes) return [];
  const { notes, cut } = parseNotes(bytes, part.header.littleEndian);
  if (cut) warnings.push(`the ELF notes in the header are damaged after ${notes.length} notes`);
  return notes;
}

function readArea(
  part: KdumpPart,
  area: KdumpHeader['notes'],
  what: string,
  warnings: string[],
): Uint8Array | undefined {
  if (!area) return undefined;
  if (area.offset > BigInt(Number.MAX_SAFE_INTEGER) || area.size > BigInt(MAX_AREA)) {
    warnings.push(`${what} at offset ${area.offset} claims ${area.size} bytes and was not read`);
    return undefined;
  }
  const bytes = readUpTo(part.source, Number(area.offset), Number(area.size));
  if (bytes.length < Number(area.size)) warnings.push(`the file ends within the ${what} of the header`);
  return bytes;
}
