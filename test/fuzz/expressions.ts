import { columnSpec } from '../../src/decode/columns/registry.ts';
import { openMemory } from '../../src/inspector/open.ts';
import { mutateText } from './mutate.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

const SEEDS = [
  'type == slab && order >= 2 && flags has dirty',
  '!(pfn in (1, 2, 0x30)) || mapping_kind == anon',
  'slab_cache like "kmalloc-*" && refcount != 0',
  'flags has (dirty, lru) && head is empty',
  'index < 0x100000 && zone == DMA32 || node in (0)',
  'mapcount > -1 && kpageflags == 0x868',
];
const WORDS = [
  '&&',
  '||',
  '!',
  '(',
  ')',
  ',',
  '==',
  'in',
  'has',
  'is',
  'like',
  '=~',
  'empty',
  '"',
  "'",
  '/',
  '-',
  '0x',
  'pfn',
  'flags',
  'state',
  'type',
  ' ',
];

const inspector = await openMemory('examples/sample.elf.gz');

const FLAGS = ['dirty', 'lru', 'locked', 'head', 'reserved', 'private', 'nonsense'];
const NAMES = [
  'slab',
  'anon',
  'buddy',
  'DMA32',
  'ok',
  'table',
  'file',
  '"a b"',
  'kmalloc-8',
  '"kmalloc-*"',
  '""',
];

/** An expression by the grammar, with columns, operators and values that mostly fit. */
function expression(random: Random, depth: number): string {
  const part = (): string => expression(random, depth - 1);
  if (depth > 0) {
    switch (random.below(5)) {
      case 0:
        return `(${part()})`;
      case 1:
        return `!(${part()})`;
      case 2:
        return `${part()} && ${part()}`;
      case 3:
        return `${part()} || ${part()}`;
    }
  }
  return test(random);
}

function test(random: Random): string {
  const column = random.pick(inspector.columns);
  const kind = columnSpec(column)?.kind;
  const value = (): string => {
    const number = random.chance(0.5) ? BigInt(random.below(40000)) : random.number();
    const named = random.chance(kind === 'name' || kind === 'set' ? 0.9 : 0.05);
    return named ? random.pick(NAMES) : random.chance(0.5) ? `${number}` : `0x${number.toString(16)}`;
  };
  if (kind === 'set' || random.chance(0.1)) {
    return `flags has ${random.chance(0.5) ? random.pick(FLAGS) : `(${random.pick(FLAGS)}, ${random.pick(FLAGS)})`}`;
  }
  switch (random.below(8)) {
    case 0:
      return `${column} in (${value()}, ${value()})`;
    case 1:
      return `${column} is empty`;
    case 2:
      return `slab_cache ${random.pick(['like', '=~'])} ${random.pick(NAMES)}`;
    default: {
      const operator = random.pick(kind === 'name' ? ['==', '!='] : ['==', '!=', '<', '<=', '>', '>=']);
      return `${column} ${operator} ${random.chance(0.1) ? random.pick(inspector.columns) : value()}`;
    }
  }
}

/** Expressions of --where, tried on some pages. */
export const expressions: Target<string> = {
  name: 'expressions',
  weight: 6,
  seeds: SEEDS,
  mutate: (random, text) => (random.chance(0.3) ? mutateText(random, text, WORDS) : expression(random, 4)),
  run(where) {
    let rows = 0;
    for (const picked of inspector.selectSync({
      where,
      columns: ['pfn'],
      pfns: [{ start: 4096, end: 4352 }],
    }))
      rows += picked.rows.length;
    return `${Math.ceil(Math.log2(rows + 1))}`;
  },
};
