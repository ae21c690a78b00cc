import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SteadyReader } from '../../src/decode/steady-reader.ts';
import { tearFinder } from '../../src/decode/tears.ts';
import { type Inspector, openMemory, PAGE_STATES } from '../../src/index.ts';
import { AddressSpace } from '../../src/translate/address-space.ts';

const CAPTURES = ['x86_64-5.10.0-32-cloud', 'x86_64-7.2.13-cloud', 'x86_64-hvo-6.1', 'x86_64-hvo-7.3'].map(
  (name) => new URL(`../fixtures/${name}.elf.gz`, import.meta.url).pathname,
);
const SAMPLE = new URL('../../examples/sample.elf.gz', import.meta.url).pathname;

test.each([...CAPTURES, SAMPLE])(
  'memory that stood still when it was taken has no tears: %s',
  async (path) => {
    const inspector = await openMemory(path);
    const find = tearFinder(inspector.layout, inspector.model);
    for (const { start, end } of inspector.model.present) {
      const { bytes, states } = inspector.reader.read(start, end - start);
      expect(find(start, bytes, states)).toEqual([]);
    }
    inspector.close();
  },
);

let inspector: Inspector;
/** A folio of order 1 and more, and a free block, of the sample. */
let folio: { head: number; pages: number };
let block: { first: number; pages: number };
beforeAll(async () => {
  inspector = await openMemory(SAMPLE);
  const first = (where: string): [number, number] => {
    for (const { batch, rows } of inspector.selectSync({ columns: ['order', 'free_order'], where })) {
      const value = (name: 'order' | 'free_order'): number => {
        const column = batch.columns.get(name);
        return column?.kind === 'number' ? column.values[rows[0]!]! : 0;
      };
      if (rows.length > 0)
        return [batch.start + rows[0]!, 2 ** value(where.startsWith('free') ? 'free_order' : 'order')];
    }
    throw new Error(`the sample has no page with ${where}`);
  };
  const [head, pages] = first('order == 3 && flags has head');
  folio = { head, pages };
  const [start, free] = first('free_order == 3');
  block = { first: start, pages: free };
});
afterAll(() => inspector.close());

/** A reader of the sample's memory that is spoilt as often as told; the bytes are those of the pages from `start` on. */
function reader(times: number, spoil: (page: (pfn: number) => Uint8Array | undefined) => void): SteadyReader {
  const { space } = inspector.kernel;
  let left = times;
  const segments = {
    segments: [],
    readInto(address: bigint, target: Uint8Array) {
      space.readInto(address, target);
      const size = inspector.model.pageSize;
      const start = inspector.model.pfnOf(address)!;
      if (left-- > 0) {
        spoil((pfn) => {
          const at = (pfn - start) * size;
          return at >= 0 && at + size <= target.length ? target.subarray(at, at + size) : undefined;
        });
      }
      return target.length;
    },
  };
  return new SteadyReader(
    new AddressSpace(space.memory, space.walker, segments),
    inspector.model,
    inspector.layout,
  );
}

describe('pages that deny one another', () => {
  const spoils: [string, (page: (pfn: number) => Uint8Array | undefined) => void][] = [
    ['a head that is none any more', (page) => page(folio.head)?.fill(0, 0, 8)],
    ['a tail that is none any more', (page) => page(folio.head + 3)?.fill(0, 8, 16)],
    ['a free block with a page in use', (page) => page(block.first + 2)?.fill(1, 52, 53)],
    ['an order that no folio has', (page) => page(folio.head + 1)?.fill(40, 0, 1)],
  ];

  test.each(spoils)('%s, once: is read again', (_, spoil) => {
    const from = Math.min(folio.head, block.first) - 64;
    const count = Math.max(folio.head, block.first) + 128 - from;
    const raw = reader(1, spoil).read(from, count);
    const still = inspector.reader.read(from, count);
    expect(raw.readable).toBe(count);
    expect(Buffer.compare(raw.bytes, still.bytes)).toBe(0);
  });

  test.each(spoils)('%s, always: is torn, and nothing else is', (_, spoil) => {
    const from = Math.min(folio.head, block.first) - 64;
    const count = Math.max(folio.head, block.first) + 128 - from;
    const raw = reader(Infinity, spoil).read(from, count);
    const torn = [...raw.states].flatMap((state, i) => (PAGE_STATES[state] === 'torn' ? [from + i] : []));
    expect(torn.length).toBeGreaterThan(0);
    expect(raw.readable).toBe(count - torn.length);
    for (const pfn of torn) {
      const ofFolio = pfn >= folio.head && pfn < folio.head + folio.pages;
      expect(ofFolio || (pfn >= block.first && pfn < block.first + block.pages)).toBe(true);
    }
  });
});
