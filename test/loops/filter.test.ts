import { describe, expect, test } from 'vitest';
import { COLUMNS } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { MAPPING_KINDS } from '../../src/decode/mapping.ts';
import { openMemory } from '../../src/index.ts';
import { PAGE_STATES } from '../../src/memmap/page-reader.ts';
import type { ColumnSpec } from '../../src/table/column.ts';
import { Filter } from '../../src/views/expression/filter.ts';
import { columnsOf, parseExpression } from '../../src/views/expression/parse.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { GUESTS } from '../golden/oracles.ts';
import { evaluate } from './filter-twin.ts';
import { Random, RandomPages } from './random-pages.ts';

const SPECS = COLUMNS.filter((c) => !c.name.startsWith('kpage'));
const NUMBERS = [
  ...['-9223372036854775809', '-2147483648', '-2', '-1', '0', '1', '2', '3', '5', '254', '255', '256'],
  ...['4095', '0x7fffffff', '0x80000000', '0xffffffff', '0x20000000000000', '0x8000000000000000'],
  ...['0xffffffffffffffff', '0x10000000000000000', '0xffff888000000000', '0xffffea0000001000'],
];
const OPERATORS = ['==', '!=', '<', '<=', '>', '>='];
/** Names that columns can have; any name may be that of a slab cache. */
function namesOf(decoder: Decoder, column: string): readonly string[] {
  const { types } = decoder.pages;
  const names = {
    type: types.names,
    zone: decoder.layout.zones,
    mapping_kind: MAPPING_KINDS,
    state: PAGE_STATES,
  }[column] ?? ['cache-3', 'CACHE-5', 'no-such', 'slab'];
  return names.filter((name) => name !== '');
}

/** Text of a random expression over the columns of a kernel. */
function randomExpression(random: Random, decoder: Decoder, depth = 0): string {
  const flags = decoder.pages.flags.names;
  if (depth < 3 && random.below(3) > 0) {
    const one = (): string => randomExpression(random, decoder, depth + 1);
    return random.pick([
      () => `(${one()} && ${one()})`,
      () => `(${one()} || ${one()})`,
      () => `!(${one()})`,
    ])();
  }
  const spec: ColumnSpec = random.pick(SPECS);
  const numbers = (): string => random.pick(NUMBERS);
  switch (random.below(10)) {
    case 0:
      return `${spec.name} is empty`;
    case 1:
      return `${spec.name} is not empty`;
    default:
      break;
  }
  if (spec.kind === 'set')
    return `${spec.name} has ${random.pick(flags)}${random.below(3) === 0 ? `|${random.pick(flags)}` : ''}`;
  if (spec.kind === 'name') {
    const word = (): string => {
      const name = random.pick(namesOf(decoder, spec.name));
      return random.below(4) === 0 ? name.toUpperCase() : name;
    };
    return random.below(3) === 0
      ? `${spec.name} in (${word()}, ${word()})`
      : `${spec.name} ${random.pick(['==', '!='])} ${word()}`;
  }
  return random.below(4) === 0
    ? `${spec.name} in (${numbers()}, ${numbers()}, ${numbers()})`
    : `${spec.name} ${random.pick(OPERATORS)} ${numbers()}`;
}

/** The pages of the batch that a filter and its twin hold for. */
function both(decoder: Decoder, text: string): { ours: number[]; twin: number[] } {
  const expression = parseExpression(text);
  const { count } = decoder;
  const bits = new Filter(decoder, expression).run();
  const words =
    bits === 0
      ? new Uint32Array(Math.ceil(count / 32))
      : decoder.pages.loops.words(bits, Math.ceil(count / 32)).slice();
  const ours: number[] = [];
  for (let i = 0; i < words.length * 32; i++) if ((words[i >> 5]! >>> (i & 31)) & 1) ours.push(i);
  const columns = new Map(columnsOf(expression).map((name) => [name, decoder.column(name)]));
  const holds = evaluate(expression, { start: decoder.start, count, columns, states: decoder.states });
  return { ours, twin: [...holds].flatMap((on, i) => (on ? [i] : [])) };
}

describe('a filter holds where its twin does', () => {
  test.each(Object.values(KERNELS))('random expressions on random pages of %s', (file) => {
    const layout = layoutOf(file);
    let held = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed);
      const pages = new RandomPages(layout, 300, seed);
      const decoder = new Decoder(layout, pages.reader, pages.caches, []);
      decoder.read(0, 64 + random.below(237));
      for (let n = 0; n < 6; n++) {
        const text = randomExpression(random, decoder);
        const { ours, twin } = both(decoder, text);
        expect(ours, text).toEqual(twin);
        held += Number(twin.length > 0 && twin.length < decoder.count);
      }
    }
    // many expressions must tell pages apart, or this would say nothing
    expect(held).toBeGreaterThan(250);
  });

  test.each(GUESTS)('expressions on $name', async ({ capture }) => {
    const inspector = await openMemory(capture);
    const scan = inspector.scan({});
    for (const text of [
      'flags has dirty',
      'flags has swapcache || flags has reported',
      'flags has reserved && refcount == 1 && zone == DMA',
      'type == slab && order >= 2 && slab_cache != kmalloc-512',
      'flags has lru && !(flags has uptodate)',
      'mapcount > 1 || refcount > 5 && mapping_kind in (anon, file)',
      'flags has uptodate|locked',
      'free_order == 10',
      'head != 0 && order > 0 && pfn < 20000',
      'memcg_data != 0 && mapping >= 0xffff888000000000',
    ]) {
      for (let start = 0; start < 65536; start += 16384) {
        scan.decoder.read(start, 16384);
        const { ours, twin } = both(scan.decoder, text);
        expect(ours, text).toEqual(twin);
      }
    }
    inspector.close();
  });
});

test('rows are those whose bit is set and that can be read, up to a limit', () => {
  const layout = layoutOf(KERNELS['6.12']);
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const pages = new RandomPages(layout, 200, round);
    const decoder = new Decoder(layout, pages.reader, pages.caches, []);
    decoder.read(0, 200);
    const { loops, states } = decoder.pages;
    const bits = loops.allocate(28);
    const rows = loops.allocate(200 * 4 + 8);
    const slots = loops.allocate(64);
    loops
      .words(bits, 7)
      .set(Uint32Array.from({ length: 7 }, (_, i) => (i < 6 ? random.below(2 ** 32) : random.below(256))));
    const start = random.below(100);
    const end = start + random.below(200 - start);
    const unreadable = random.below(2);
    const limit = random.pick([0, 1, 7, 200]);
    for (const at of [0, bits]) {
      const want: number[] = [];
      for (let i = start; i < end && want.length < limit; i++) {
        const on = at === 0 || (loops.words(bits, 7)[i >> 5]! >>> (i & 31)) & 1;
        if (on && (unreadable || decoder.states[i] === 0)) want.push(i);
      }
      const count = loops.run.pickRows(at, states, start, end, unreadable, limit, rows);
      expect([...loops.words(rows, count)]).toEqual(want);
    }
    loops.run.countStates(states, start, end, slots);
    const counts = new Array<number>(16).fill(0);
    for (let i = start; i < end; i++) counts[decoder.states[i]!]!++;
    expect([...loops.words(slots, 16)]).toEqual(counts);
  }
});
