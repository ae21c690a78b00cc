// The little of ELF that the bench needs: where physical memory is in a file, and how to add to it.
import { openSync, readSync, writeSync } from 'node:fs';

const PT_LOAD = 1;
const PHDR = 56;

/** The PT_LOAD segments of an ELF core: { offset, physical, fileSize }. */
export function segmentsOf(path) {
  const fd = openSync(path, 'r');
  const head = Buffer.alloc(64);
  readSync(fd, head, 0, 64, 0);
  const at = Number(head.readBigUInt64LE(32));
  const table = Buffer.alloc(head.readUInt16LE(56) * PHDR);
  readSync(fd, table, 0, table.length, at);
  const segments = [];
  for (let i = 0; i < table.length; i += PHDR) {
    if (table.readUInt32LE(i) !== PT_LOAD) continue;
    segments.push({
      offset: Number(table.readBigUInt64LE(i + 8)),
      physical: Number(table.readBigUInt64LE(i + 24)),
      fileSize: Number(table.readBigUInt64LE(i + 32)),
    });
  }
  return segments;
}

/** Where in the file a physical address is, and how many bytes from there on are in one piece. */
export function place(segments, physical) {
  for (const s of segments) {
    const into = physical - s.physical;
    if (into >= 0 && into < s.fileSize) return { offset: s.offset + into, length: s.fileSize - into };
  }
  throw new Error(`physical 0x${physical.toString(16)} is not in the file`);
}

/** Appends a PT_LOAD of `length` bytes, given in pieces, at this physical address; the program headers move to the end of the file. */
export function appendSegment(fd, size, physical, length, pieces) {
  const head = Buffer.alloc(64);
  readSync(fd, head, 0, 64, 0);
  const count = head.readUInt16LE(56);
  const table = Buffer.alloc((count + 1) * PHDR);
  readSync(fd, table, 0, count * PHDR, Number(head.readBigUInt64LE(32)));
  const offset = Math.ceil(size / 4096) * 4096;
  const entry = count * PHDR;
  table.writeUInt32LE(PT_LOAD, entry);
  table.writeBigUInt64LE(BigInt(offset), entry + 8);
  table.writeBigUInt64LE(BigInt(physical), entry + 24);
  table.writeBigUInt64LE(BigInt(length), entry + 32);
  table.writeBigUInt64LE(BigInt(length), entry + 40);
  let at = offset;
  for (const piece of pieces) at += writeSync(fd, piece, 0, piece.length, at);
  writeSync(fd, table, 0, table.length, offset + length);
  head.writeBigUInt64LE(BigInt(offset + length), 32);
  head.writeUInt16LE(count + 1, 56);
  writeSync(fd, head, 0, 64, 0);
}
