import type { ByteSource } from '../core/bytes.ts';
import { FileWindow } from './file-window.ts';

const GIB = 2 ** 30;
const FOUR_GIB = 4 * GIB;
const CHUNK = 4 * 1024 * 1024;
/** Possible places of a split: after the first GiB, in steps that every hypervisor keeps to. */
const LEAST = GIB;
const STEP = 2 * 1024 * 1024;
/** A boot loader's e820 entry (struct boot_e820_entry of the kernel): address, size, type; 20 bytes, packed. */
const ENTRY = 20;
const USABLE_RAM = 1;
/** No machine's last entry below 4 GiB starts in the first MiB; the kernel's own types go up to 129. */
const LOWEST = 1024 * 1024;
const MOST_TYPES = 255;

/**
 * Finds the PCI hole of a raw image. Hypervisors that write guest memory as one file (QEMU's memory-backend-file,
 * Firecracker, Cloud Hypervisor, VMware) leave out the hole below 4 GiB, so that what follows it in memory follows at once
 * in the file. The place of the cut differs between them. The kernel's own copy of the memory map tells: its entry for RAM
 * from 4 GiB on has the size of the file without what comes before.
 *
 * Returns the length of the part below the hole, or undefined if nothing indicates a hole.
 */
export function findPciHole(
  source: ByteSource,
  progress?: (what: string, done: number, total: number) => void,
): number | undefined {
  const total = source.byteLength;
  if (!Number.isFinite(total) || total <= LEAST) return undefined;
  // search for the address 4 GiB by its upper half: a search for a leading zero is slow in empty memory
  const needle = Uint8Array.from([1, 0, 0, 0]);
  const window = new FileWindow(source, CHUNK + 2 * ENTRY);
  const votes = new Map<number, number>();
  // KASLR may put the kernel above 4 GiB: then its copy is there
  for (let at = 0; at < total && (at < FOUR_GIB || votes.size === 0); at += CHUNK) {
    const from = Math.max(0, at - ENTRY);
    const bytes = window.read(from, CHUNK + 2 * ENTRY);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let hit = buffer.indexOf(needle, 4 + ENTRY); hit >= 0; hit = buffer.indexOf(needle, hit + 1)) {
      const i = hit - 4;
      if (i + ENTRY > buffer.length) break;
      if (buffer.readUInt32LE(i + 16) !== USABLE_RAM || buffer.readUInt32LE(i) !== 0) continue;
      if (!isBelow(buffer, i - ENTRY)) continue;
      const size = buffer.readUInt32LE(i + 8) + buffer.readUInt32LE(i + 12) * 2 ** 32;
      const below = total - size;
      if (size > 0 && below >= LEAST && below < FOUR_GIB && below % STEP === 0) {
        votes.set(below, (votes.get(below) ?? 0) + 1);
      }
    }
    progress?.('looking for the memory map', at, total);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** Whether the table has an entry below 4 GiB: tables are sorted, and RAM from 4 GiB on is never the first entry. */
function isBelow(buffer: Buffer, at: number): boolean {
  const start = buffer.readUInt32LE(at);
  const size = buffer.readUInt32LE(at + 8);
  const type = buffer.readUInt32LE(at + 16);
  const isLow = buffer.readUInt32LE(at + 4) === 0 && buffer.readUInt32LE(at + 12) === 0;
  return isLow && size > 0 && start >= LOWEST && start + size <= FOUR_GIB && type > 0 && type <= MOST_TYPES;
}
