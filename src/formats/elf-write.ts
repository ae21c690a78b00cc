/** A note to write. */
export interface NoteToWrite {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

/** A PT_LOAD to write. `fileSize` bytes of it follow in the file; the rest is declared but left out. */
export interface LoadToWrite {
  readonly physical: number;
  readonly memorySize: number;
  readonly fileSize: number;
}

const PN_XNUM = 0xffff;
const EHDR = 64;
const PHDR = 56;
const SHDR = 64;

/**
 * The head of a little-endian 64-bit ELF core file: file header, program headers, notes. The bytes of the loads must follow
 * in order, without gaps. If there are more than 65,534 segments, sh_info of section 0 has their number, as in the gABI.
 */
export function elfCoreHead(
  machine: number,
  notes: readonly NoteToWrite[],
  loads: readonly LoadToWrite[],
): Uint8Array {
  const noteBytes = encodeNotes(notes);
  const count = loads.length + 1;
  const many = count >= PN_XNUM;
  const sectionsAt = EHDR + count * PHDR;
  const notesAt = sectionsAt + (many ? SHDR : 0);
  const head = new Uint8Array(notesAt + noteBytes.length);
  const view = new DataView(head.buffer);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 4, true); // ET_CORE
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(32, BigInt(EHDR), true);
  view.setBigUint64(40, BigInt(many ? sectionsAt : 0), true);
  view.setUint16(52, EHDR, true);
  view.setUint16(54, PHDR, true);
  view.setUint16(56, many ? PN_XNUM : count, true);
  view.setUint16(58, many ? SHDR : 0, true);
  view.setUint16(60, many ? 1 : 0, true);
  if (many) view.setUint32(sectionsAt + 44, count, true);
  let offset = head.length;
  const program = (
    i: number,
    type: number,
    at: number,
    physical: number,
    fileSize: number,
    memorySize: number,
  ): void => {
    const base = EHDR + i * PHDR;
    view.setUint32(base, type, true);
    view.setBigUint64(base + 8, BigInt(at), true);
    view.setBigUint64(base + 24, BigInt(physical), true);
    view.setBigUint64(base + 32, BigInt(fileSize), true);
    view.setBigUint64(base + 40, BigInt(memorySize), true);
  };
  program(0, 4, notesAt, 0, noteBytes.length, noteBytes.length);
  for (const [i, load] of loads.entries()) {
    program(i + 1, 1, offset, load.physical, load.fileSize, load.memorySize);
    offset += load.fileSize;
  }
  head.set(noteBytes, notesAt);
  return head;
}

function encodeNotes(notes: readonly NoteToWrite[]): Uint8Array {
  const parts = notes.map(({ name, type, desc }) => {
    const nameBytes = new TextEncoder().encode(`${name}\0`);
    const descAt = 12 + Math.ceil(nameBytes.length / 4) * 4;
    const bytes = new Uint8Array(descAt + Math.ceil(desc.length / 4) * 4);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, nameBytes.length, true);
    view.setUint32(4, desc.length, true);
    view.setUint32(8, type, true);
    bytes.set(nameBytes, 12);
    bytes.set(desc, descAt);
    return bytes;
  });
  return Buffer.concat(parts);
}
