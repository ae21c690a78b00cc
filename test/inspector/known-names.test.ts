import { expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { COLUMNS } from '../../src/decode/columns/registry.ts';
import { openMemory } from '../../src/index.ts';
import { checkNodesAndCaches } from '../../src/inspector/known-names.ts';
import { parseExpression } from '../../src/views/expression/parse.ts';
import { CONTAINER_TYPES, objectsFrom } from '../builders/kernel-objects.ts';
import { GUESTS } from '../golden/oracles.ts';

const TYPES = `${CONTAINER_TYPES.trimEnd()}
  kmem_cache 32: name 0 8, list 16 16
  pglist_data 4096: node_zones 0 64
  zone 64: zone_start_pfn 0 8, spanned_pages 8 8, name 16 8
`;
/** The caches dentry and kmalloc, in a list from 1000; node 0 with one zone, and no node 1. */
const MEMORY = `
  1000: 2010 2110
  2000: 3000 0 2110 1000
  2100: 3008 0 1000 2010
  3000: 00007972746e6564 00636f6c6c616d6b
  4000: 6000 0
  6000: 1 100 0
`;
const SYMBOLS = { slab_caches: 0x1000n, node_data: 0x4000n };

function check(where: string, memory = MEMORY): ReadonlyMap<string, string> {
  return checkNodesAndCaches(parseExpression(where, COLUMNS), objectsFrom(memory, TYPES, SYMBOLS));
}

test.each([
  "slab_cache == dentry || slab_cache in (KMALLOC, '')",
  'slab_cache like dentri',
  'slab_cache == 0xffff888001000000',
  'node == 0 and not node in (0)',
  'node > 5',
])('%s may hold for pages', (where) => {
  expect(check(where)).toEqual(new Map());
});

test.each([
  ['slab_cache == dentri', "this kernel has no slab cache 'dentri'; did you mean 'dentry'?"],
  ['pfn == 1 && !(slab_cache in (dentry, nothing-like-it))', "no slab cache 'nothing-like-it'"],
  ['node == 5', 'no zone is on node 5; there is node 0'],
  ['5 == node', 'no zone is on node 5'],
  ['node != 5', 'no zone is on node 5'],
  ['node in (0, 1)', 'no zone is on node 1'],
])('%s is refused', (where, message) => {
  expect(() => check(where)).toThrow(UsageError);
  expect(() => check(where)).toThrow(message);
});

test('where the list of caches cannot be read, that is the answer', () => {
  const doubtful = check('slab_cache == dentri', MEMORY.replace('1000: 2010', '1000: 777000'));
  expect([...doubtful.keys()]).toEqual(['dentri']);
  expect(doubtful.get('dentri')).toContain('0x777000');
});

test('a cache that pages were read of is not in doubt', async () => {
  const inspector = await openMemory(GUESTS[1]!.capture);
  const where = 'slab_cache in (dentry, dentri)';
  expect([...inspector.doubtfulNames({ where }).keys()]).toEqual(['dentry', 'dentri']);
  for (const _ of inspector.selectSync({ columns: ['pfn'], where }));
  expect([...inspector.doubtfulNames({ where }).keys()]).toEqual(['dentri']);
  inspector.close();
});
