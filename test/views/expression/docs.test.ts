import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Inspector, openMemory } from '../../../src/index.ts';
import { GUESTS } from '../../golden/oracles.ts';

const TEXT = readFileSync(new URL('../../../docs/expressions.md', import.meta.url), 'utf8');
/** The first cells of the first table. */
const EXAMPLES = [...TEXT.slice(0, TEXT.indexOf('## Values')).matchAll(/^\| `(.*?)`/gm)].map((m) =>
  m[1]!.replaceAll('\\|', '|'),
);

let sample: Inspector;

beforeAll(async () => {
  sample = await openMemory(GUESTS[1]!.capture);
});

afterAll(() => sample.close());

function count(where: string): number {
  let rows = 0;
  for (const picked of sample.selectSync({ columns: ['pfn'], where })) rows += picked.rows.length;
  return rows;
}

test('the examples select pages of the sample', () => {
  expect(Object.fromEntries(EXAMPLES.map((where) => [where, count(where)]))).toMatchInlineSnapshot(`
    {
      "(kpageflags & 0x30) == 0x20": 5542,
      "flags has (lru, dirty)": 2739,
      "flags has any (locked, writeback)": 0,
      "flags_raw & 0x1": 187,
      "head != pfn": 8857,
      "lru_next == page + 8": 47330,
      "mapcount is not empty and mapcount != 0": 9721,
      "mapping in (0, 0xdead000000000400)": 59805,
      "not flags has dirty and mapping_kind == anon": 7089,
      "pfn % 512 == 0 and head == pfn": 128,
      "refcount - mapcount >= 2": 1071,
      "refcount > mapcount": 40214,
      "slab_cache =~ '^(dentry|.*inode_cache)$'": 991,
      "slab_cache like 'kmalloc-*'": 716,
      "type == slab && order >= 2": 1656,
    }
  `);
});

test.each([
  ['mapping == -1', 'mapping == 0xffffffffffffffff'],
  ['not mapcount == 0', 'mapcount != 0'],
  ['mapcount != 0', 'mapcount is empty or mapcount < 0 or mapcount > 0'],
  ['flags has dirty', 'flags has PG_dirty'],
  ['flags_raw & 0x3', '(flags_raw & 0x3) != 0'],
  ['slab_cache is not empty', 'slab_cache like *'],
  ['pfn % 512 == 0', '(pfn & 511) == 0'],
])('%s selects the same as %s', (a, b) => {
  expect(count(a)).toBe(count(b));
});

test.each([
  ['flags has lru|dirty', 'flags has any (lru, dirty)'],
  ['type == slabs', "did you mean 'slab'?"],
  ['index * private == 0', 'more than 128 bits'],
])('%s is refused', (where, message) => {
  expect(() => count(where)).toThrow(message);
});
