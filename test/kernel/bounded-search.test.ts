import { describe, expect, test } from 'vitest';
import { bytesSource, openMemory, StructPageError } from '../../src/index.ts';

const PAGE = 4096;
const PAGES = 8 * 256;

/** A page of entries. */
function table(entry: (index: number) => number): Uint8Array {
  return new Uint8Array(BigUint64Array.from({ length: 512 }, (_, i) => BigInt(entry(i)) | 0x63n).buffer);
}

/** Memory of `PAGES` pages that are made one by one. */
function memory(page: (number: number) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PAGES * PAGE);
  for (let i = 0; i < PAGES; i++) bytes.set(page(i), i * PAGE);
  return bytes;
}

function vmcoreinfo(release: string): Uint8Array {
  const text = `OSRELEASE=${release}\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff81000000\nNUMBER(phys_base)=0\nSYMBOL(swapper_pg_dir)=ffffffff82000000\n`;
  return Buffer.from(text.padEnd(PAGE, '\n'));
}

const ROOT = table(() => 0x1000);
ROOT.fill(0, 0, PAGE - 8);

/** Memory that keeps a search for a kernel busy: it must end soon, and in a sentence. */
const CASES: readonly (readonly [string, (number: number) => Uint8Array])[] = [
  [
    'all pages lead to one table that maps nothing large',
    (i) =>
      i === 0
        ? table((k) => 0x100000 + PAGE * ((k * 7) % 512))
        : i === 1
          ? table(() => 0x2000)
          : i === 2
            ? table(() => 0)
            : ROOT,
  ],
  [
    'all pages lead to tables of their own',
    (i) =>
      i === 0
        ? table((k) => 0x100000 + PAGE * ((k * 7) % 512))
        : table((k) => (k === 511 ? ((i * 13) % PAGES) * PAGE : 0)),
  ],
  ['page tables that lead to themselves', (i) => table((k) => ((i + k) % PAGES) * PAGE)],
  ['one text of VMCOREINFO everywhere', () => vmcoreinfo('1')],
  ['many texts of VMCOREINFO', (i) => vmcoreinfo(`${i}`)],
];

describe('a search for a kernel ends', () => {
  test.each(CASES)(
    '%s',
    async (_, page) => {
      const begun = performance.now();
      await expect(openMemory(bytesSource(memory(page), 'noise'))).rejects.toBeInstanceOf(StructPageError);
      expect(performance.now() - begun).toBeLessThan(30_000);
    },
    60_000,
  );
});
