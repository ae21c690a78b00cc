import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openMemory } from '../../src/index.ts';
import { type Answers, bootForeign } from './foreign/boot.ts';
import { MACHINES } from './foreign/machines.ts';
import { KERNELS, which } from './guest.ts';

/**
 * Guests of other architectures, each stopped right after its kernel was asked: STRUCTPAGE_KERNELS has their kernels, and the
 * programs of their init in programs-ARCHITECTURE (test/live/fetch-foreign.sh gets both).
 *   npm run test:guest -- test/live/foreign.test.ts -t riscv64
 * STRUCTPAGE_KEEP=FOLDER keeps the dumps and the answers.
 */
const KEEP = process.env.STRUCTPAGE_KEEP;
const folder = KEEP ?? mkdtempSync(join(tmpdir(), 'structpage-foreign-'));
afterAll(() => {
  if (!KEEP) rmSync(folder, { recursive: true, force: true });
});

const guests = MACHINES.flatMap((machine) => {
  const root = join(KERNELS, `programs-${machine.debian}`);
  if (!KERNELS || !existsSync(root) || !which(`qemu-system-${machine.qemu}`)) return [];
  const releases = readdirSync(KERNELS).filter((name) => /^\d/.test(name) && machine.kernels.test(name));
  return releases.map((release) => ({ machine, release, root, kernel: join(KERNELS, release, 'vmlinuz') }));
});

describe.skipIf(guests.length === 0)('guests of other architectures', () => {
  test.each(guests.map((guest) => [`${guest.machine.name}, ${guest.release}`, guest] as const))(
    '%s',
    async (_, { machine, release, root, kernel }) => {
      const own = join(folder, `${machine.name}-${release}`);
      const dump = join(own, 'vmcore');
      mkdirSync(own, { recursive: true });
      const answers = await bootForeign(machine, {
        kernel,
        root,
        folder: own,
        stopped: (monitor) => monitor.dump(dump, 'elf'),
      });
      if (KEEP) keep(own, answers);
      const inspector = await openMemory(dump);
      try {
        expect(inspector.kernel.release).toBe(release);
        const flags = answers.words.get('kpageflags')!;
        const counts = answers.words.get('kpagecount')!;
        const different: string[] = [];
        let pages = 0;
        for (const { batch, rows } of inspector.selectSync({ columns: ['kpageflags', 'kpagecount'] })) {
          const { low, high } = batch.columns.get('kpageflags')! as { low: Uint32Array; high: Uint32Array };
          const { values } = batch.columns.get('kpagecount')! as { values: Uint32Array };
          for (const row of rows) {
            const pfn = batch.start + row;
            const word = (BigInt(high[row]!) << 32n) | BigInt(low[row]!);
            pages++;
            if (word === flags[pfn] && BigInt(values[row]!) === counts[pfn]) continue;
            different.push(
              `pfn ${pfn}: 0x${word.toString(16)} and ${values[row]}, its kernel says 0x${flags[pfn]?.toString(16)} and ${counts[pfn]}`,
            );
          }
        }
        console.log(
          `${machine.name}, ${release}: ${pages - different.length} of ${pages} pages as their kernel says`,
        );
        expect(different.slice(0, 10)).toEqual([]);
        expect(pages).toBeGreaterThan(4096);
      } finally {
        inspector.close();
        if (!KEEP) rmSync(own, { recursive: true, force: true });
      }
    },
  );
});

/** Leaves what the guest said beside its dump: words as little-endian files, texts as they were. */
function keep(own: string, { words, ranges, texts, console }: Answers): void {
  const file = (name: string): string => join(own, name.replace('/', '.'));
  for (const [name, list] of words) writeFileSync(file(name), BigUint64Array.from(list));
  for (const [name, list] of ranges) writeFileSync(`${file(name)}.ranges`, JSON.stringify(list));
  for (const [name, text] of texts) writeFileSync(file(name), text);
  writeFileSync(file('console'), console);
}
