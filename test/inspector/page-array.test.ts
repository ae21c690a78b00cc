import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Inspector } from '../../src/index.ts';
import { noCounts } from '../../src/scan/scan.ts';
import { open } from '../damage/flip.ts';
import { type Place, placesOf } from '../damage/flip-places.ts';

const whole = gunzipSync(readFileSync(new URL('../fixtures/x86_64-6.12.107-kdump.elf.gz', import.meta.url)));
let places: readonly Place[];
let file: Uint8Array;
beforeAll(async () => {
  const inspector = await open(whole);
  places = placesOf(inspector, whole);
  inspector.close();
});
beforeEach(() => {
  file = Uint8Array.from(whole);
});

const entries = (level: string): Place[] => places.filter((p) => p.what === `entry of ${level}`);
const word = (place: Place): Uint8Array =>
  Uint8Array.from(whole.subarray(place.offset, place.offset + place.bytes));
const set = (place: Place, bytes: Uint8Array): void => file.set(bytes, place.offset);

/** Pages that are not believed, and what is said of it. */
function doubted(inspector: Inspector): { pages: number; said: string } {
  const counts = noCounts();
  const scan = inspector.scan({ columns: ['pfn'] }, counts);
  for (const _ of scan.run(inspector.ranges(undefined))) {
    // counting is the test
  }
  return { pages: counts.doubtful + counts['not-mapped'], said: inspector.model.sections.lost.join('\n') };
}

test('an image that is sound contradicts nothing', async () => {
  const inspector = await open(whole);
  expect(doubted(inspector)).toEqual({ pages: 0, said: '' });
  inspector.close();
});

describe('page tables of vmemmap', () => {
  test('of which two entries changed places: neither half is believed', async () => {
    const [, one, two] = entries('pmd');
    set(one!, word(two!));
    set(two!, word(one!));
    const inspector = await open(file);
    const { pages, said } = doubted(inspector);
    expect(pages).toBe(2 * 32768);
    expect(said).toMatch(
      /page frames 32768 to 65535.*deny it[\s\S]*page frames 65536 to 98303.*do not lead back/,
    );
    inspector.close();
  });

  test('of which one entry is there twice: the copy is not believed', async () => {
    const [, one, two] = entries('pmd');
    set(two!, word(one!));
    const inspector = await open(file);
    expect(doubted(inspector)).toMatchObject({
      pages: 32768,
      said: expect.stringContaining('65536 to 98303'),
    });
    inspector.close();
  });
});

describe('mem_section', () => {
  const second = (): Place => places.filter((p) => p.what === 'section_mem_map')[1]!;

  test('without one of its sections: the page tables and the zone tell that one is missing', async () => {
    const bytes = word(second());
    bytes[0]! &= ~1;
    set(second(), bytes);
    const inspector = await open(file);
    expect(inspector.presentPages).toBe(3 * 32768);
    expect(inspector.model.sections.lost).toEqual([
      expect.stringMatching(/^the page tables map struct pages of page frames 32768 to 65535/),
      expect.stringMatching(/^zone DMA32 of node 0 counts \d+ page frames of RAM/),
    ]);
    inspector.close();
  });

  test('with one section that counts from elsewhere: the start that the others name is taken, and told', async () => {
    const bytes = word(second());
    bytes[1]! ^= 0x40;
    set(second(), bytes);
    const inspector = await open(file);
    expect(inspector.presentPages).toBe(4 * 32768);
    expect(inspector.model.sections.lost.join()).toMatch(
      /mem_section says of section 1 that its struct pages/,
    );
    inspector.close();
  });

  test('whose roots are the same twice is refused', async () => {
    const root = places.find((p) => p.what === 'root')!;
    file.set(word(root), root.offset + 8);
    await expect(open(file)).rejects.toThrow(/roots 0 and 1 of it are both at/);
  });
});

test('VMCOREINFO that names another vmemmap is not believed where mem_section and the variable agree', async () => {
  const line = places.find((p) => p.what.startsWith('SYMBOL(vmemmap)='))!;
  // the lowest bit of a hexadecimal digit above 1 GiB
  file[line.offset + line.bytes - 9]! ^= 1;
  const inspector = await open(file);
  expect(inspector.warnings).toEqual([expect.stringContaining('VMCOREINFO is not believed')]);
  expect(doubted(inspector)).toEqual({ pages: 0, said: '' });
  inspector.close();
});
