import { describe, expect, test } from 'vitest';
import { collapsedStacks, framesOf, packTree, treeOf } from '../../src/map/tree.ts';

const COLUMNS = ['class', 'subclass', 'owner'];
const GROUPS = [
  { values: ['file', '', '/usr/lib/a; b.so'], pages: 6 },
  { values: ['file', '', '/usr/bin/c'], pages: 3 },
  { values: ['slab', '', 'slab dentry'], pages: 2 },
  { values: ['anon', 'thp', 'x[1]\n'], pages: 1 },
  { values: ['', '', ''], pages: 4 },
];

describe('the tree of memory', () => {
  test('paths become branches', () => {
    expect(framesOf(COLUMNS, GROUPS[0]!.values)).toEqual(['file', '/usr', '/lib', '/a; b.so']);
    expect(framesOf(['node', 'zone'], ['0', 'DMA'])).toEqual(['node 0', 'DMA']);
    expect(framesOf(COLUMNS, ['', '', 'someone'])).toEqual(['(none)', 'someone']);
  });

  test('every part is the sum of its parts', () => {
    const packed = packTree(treeOf(COLUMNS, GROUPS, 'all'), 1);
    expect(packed.slice(0, 2)).toEqual(['all', 16]);
    expect(packed[2].map(([name, pages]) => `${name} ${pages}`)).toEqual([
      'file 9',
      '(none) 4',
      'slab 2',
      'anon 1',
    ]);
    expect(packed[2][0]![2]).toEqual([
      [
        '/usr',
        9,
        [
          ['/lib', 6, [['/a; b.so', 6, []]]],
          ['/bin', 3, [['/c', 3, []]]],
        ],
      ],
    ]);
  });

  test('small parts are joined', () => {
    const packed = packTree(treeOf(COLUMNS, GROUPS, 'all'), 4);
    expect(packed[2].map(([name, pages]) => `${name} ${pages}`)).toEqual([
      'file 9',
      '(none) 4',
      '(2 more) 3',
    ]);
  });
});

test('collapsed stacks have one line per group, and nothing else separates names', () => {
  expect([...collapsedStacks(COLUMNS, GROUPS, 4096)]).toEqual([
    'file;/usr;/lib;/a, b.so 24576\n',
    'file;/usr;/bin;/c 12288\n',
    'slab;slab dentry 8192\n',
    'anon;thp;x[1]  4096\n',
    '(none) 16384\n',
  ]);
});
