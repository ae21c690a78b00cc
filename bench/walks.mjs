// The page tables of a process, from memory: entries that are walked in a second, on one thread.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rate, time } from './report.mjs';

const ENTRY_BYTES = 8;
const TABLE_BYTES = 4096;
/** Present, writable, of a process, accessed, dirty. */
const FLAGS = 0x67n;
/** Tables of the lowest level: 4 M entries. */
const TABLES = 8192;
/** Entries a second on one core. */
const LEAST = 20e6;

/**
 * Page tables as those of x86-64, `depth` levels of them: each table above the two lowest levels has as many entries as it takes to reach
 * TABLES tables, all in one piece of memory.
 */
function pageTables(depth) {
  const perTable = TABLE_BYTES / ENTRY_BYTES;
  const counts = Array.from({ length: depth }, (_, level) =>
    Math.ceil(TABLES / perTable ** (depth - 1 - level)),
  );
  const starts = counts.map((_, level) => counts.slice(0, level).reduce((sum, n) => sum + n, 0));
  const bytes = Buffer.alloc(counts.reduce((sum, n) => sum + n, 0) * TABLE_BYTES);
  for (let level = 0; level < depth; level++) {
    const isLowest = level === depth - 1;
    const entries = isLowest ? TABLES * perTable : counts[level + 1];
    for (let i = 0; i < entries; i++) {
      const frame = isLowest ? i : starts[level + 1] + i;
      bytes.writeBigUInt64LE(
        BigInt(frame * TABLE_BYTES) | FLAGS,
        starts[level] * TABLE_BYTES + i * ENTRY_BYTES,
      );
    }
  }
  return { bytes, entries: TABLES * perTable };
}

/** Adds a row; `dump` is of an x86-64 kernel, whose page table format is taken. */
export async function benchWalks({ root, report, dump, rounds }) {
  const load = (path) => import(pathToFileURL(join(root, 'dist', path)).href);
  const [{ openMemory }, { UserTables }, { USER_ENTRY_FORMATS }] = await Promise.all(
    ['index.js', 'owners/user-tables.js', 'owners/swap-entries.js'].map(load),
  );
  const inspector = await openMemory(dump);
  const { tables } = inspector.kernel.space.walker;
  inspector.close();
  const { bytes, entries } = pageTables(tables.mode.levels.length);
  const memory = {
    runs: [{ start: 0, end: bytes.length, state: 'present' }],
    readInto: (address, target) => bytes.copy(target, 0, address, address + target.length),
    runAt: () => ({ start: 0, end: bytes.length, state: 'present' }),
  };
  const format = USER_ENTRY_FORMATS.find((f) => f.architecture === tables.architecture.name);
  const walker = new UserTables(memory, tables, format, entries);
  const area = { address: 0n, start: 0, end: entries * TABLE_BYTES, flags: 0, file: 0n };
  const spent = [];
  for (let round = 0; round <= rounds; round++) {
    let met = 0;
    const start = process.hrtime.bigint();
    walker.walk(0, [area], { page: (_area, _address, _pfn, count) => (met += count) });
    if (round > 0) spent.push(Number(process.hrtime.bigint() - start) / 1e9);
    if (met !== entries) throw new Error(`${met} of ${entries} entries were walked`);
  }
  const seconds = spent.sort((a, b) => a - b)[spent.length >> 1];
  report.add(`page tables of a process, ${(entries / 1e6).toFixed(1)} M entries, from memory, 1 thread`, {
    ours: `${time(seconds)} (${rate(entries, seconds)})`,
    value: entries / seconds,
    bar: { least: LEAST },
    text: `>= ${LEAST / 1e6} M/s`,
  });
}
