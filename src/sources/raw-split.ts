import type { ByteSource } from '../core/bytes.ts';
import { FileWindow } from './file-window.ts';

const GIB = 2 ** 30;
const FOUR_GIB = 4 * GIB;
const CHUNK = 4 * 1024 * 1024;
/** Where a machine's memory may be split: behind the first GiB, in steps that any hypervisor keeps to. */
const LEAST = GIB;
const STEP = 2 * 1024 * 1024;
/** A boot loader's e820 entry (struct boot_e820_entry of the kernel): address, size, type, 20 bytes packed. */
const ENTRY = 20;
const USABLE_RAM = 1;
/** No machine's last entry below 4 GiB begins in the first MiB; types of the kernel's own go up to 129. */
const LOWEST = 1024 * 1024;
const MOST_TYPES = 255;

/**
 * Hypervisors that write guest memory as one file (QEMU's memory-backend-file, Firecracker, Cloud Hypervisor,
 * VMware) leave out the hole for PCI below 4 GiB: what lies behind it in memory follows at once. Where it was cut
 * differs between them. The kernel's own copy of the memory map tells: it has an entry for RAM from 4 GiB on whose
 * size is that of the file without what comes before.
 *
 * Returns the length of the part below the hole, or undefined if nothing speaks for a hole.
 */
export function findPciHole(
  source: ByteSource,
  progress?: (what: string, done: number, total: number) => void,
): number | undefined {
  const total = source.byteLength;
  if (!Number.isFinite(total) || total <= LEAST) return undefined;
  // the address 4 GiB is looked for by its upper half: what begins with a zero is found slowly in empty memory
  const needle = Uint8Array.from([1, 0, 0, 0]);
  const window = new FileWindow(source, CHUNK + 2 * ENTRY);
  const votes = new Map<number, number>();
  // the kernel may have put itself above 4 GiB (KASLR): then its copy is there
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

/** Whether there is an entry of the table that lies below 4 GiB: tables are sorted, and RAM from 4 GiB on is never the first. */
function isBelow(buffer: Buffer, at: number): boolean {
  const start = buffer.readUInt32LE(at);
  const size = buffer.readUInt32LE(at + 8);
  const type = buffer.readUInt32LE(at + 16);
  const isLow = buffer.readUInt32LE(at + 4) === 0 && buffer.readUInt32LE(at + 12) === 0;
  return isLow && size > 0 && start >= LOWEST && start + size <= FOUR_GIB && type > 0 && type <= MOST_TYPES;
}
