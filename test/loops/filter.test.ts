import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { PageColumns } from '../../src/decode/columns/page-columns.ts';
import { COLUMNS, type ColumnName, isColumn, pageColumn } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { openMemory } from '../../src/index.ts';
import { Filter } from '../../src/views/expression/filter.ts';
import { parseExpression } from '../../src/views/expression/parse.ts';
import { columnsOf } from '../../src/views/expression/syntax.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { GUESTS } from '../golden/oracles.ts';
import { evaluate } from './filter-twin.ts';
import { Random, RandomPages } from './random-pages.ts';

const SPECS = COLUMNS.filter((c) => c.needs !== 'kpage' && !c.needsMap);
const NUMERIC = SPECS.filter((c) => c.kind === 'number' || c.kind === 'word');
const NUMBERS = [
  ...['-9223372036854775809', '-2147483648', '-2', '-1', '0', '1', '2', '3', '5', '254', '255', '256'],
  ...['4095', '0x7fffffff', '0x80000000', '0xffffffff', '0x20000000000000', '0x8000000000000000'],
  ...['0xffffffffffffffff', '0x10000000000000000', '0xffff888000000000', '0xffffea0000001000'],
];
const OPERATORS = ['==', '!=', '<', '<=', '>', '>='];
/** Names that columns can have; any name may be that of a slab cache. */
function namesOf(decoder: Decoder, column: ColumnName): readonly string[] {
  const names = pageColumn(column).names?.(decoder) ?? ['cache-3', 'CACHE-5', 'no-such', 'slab'];
  return names.filter((name) => name !== '');
}

const PATTERNS = ['*', 'cache-*', '*-?', 's*b', 'CACHE-1?', 'd*', '?'];
const REGEXPS = ["'^cache-[12]'", 'a', "'e$'", "'^.{3,4}$'"];

/** Text of a random calculation over the columns of a kernel. */
function randomValue(random: Random, depth = 0): string {
  if (depth > 2 || random.below(3) > 0) {
    if (random.below(3) === 0) return random.pick(NUMBERS);
    return random.pick(NUMERIC).name;
  }
  if (random.below(6) === 0) return `${random.pick(['-', '~'])}(${randomValue(random, depth + 1)})`;
  const operator = random.pick(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>']);
  return `(${randomValue(random, depth + 1)} ${operator} ${randomValue(random, depth + 1)})`;
}

/** Text of a random expression over the columns of a kernel. */
function randomExpression(random: Random, decoder: Decoder, depth = 0): string {
  const flags = decoder.pages.flags.names;
  if (depth < 3 && random.below(3) > 0) {
    const one = (): string => randomExpression(random, decoder, depth + 1);
    return random.pick([
      () => `(${one()} && ${one()})`,
      () => `(${one()} OR ${one()})`,
      () => `!(${one()})`,
    ])();
  }
  const spec = random.pick(SPECS);
  const numbers = (): string => random.pick(NUMBERS);
  switch (random.below(14)) {
    case 0:
      return `${spec.name} is empty`;
    case 1:
      return `${spec.name} is not empty`;
    case 2:
      return `${random.pick(NUMERIC).name} ${random.pick(OPERATORS)} ${random.pick(NUMERIC).name}`;
    case 3:
    case 4:
      return `${randomValue(random)} ${random.pick(OPERATORS)} ${randomValue(random)}`;
    case 5:
      return random.pick([
        () => `(${randomValue(random)}) is empty`,
        () => `${random.pick(NUMERIC).name} & ${numbers()}`,
        () => `(flags_raw & ${numbers()}) == ${numbers()}`,
        () => `(${randomValue(random)}) in (${numbers()}, ${numbers()})`,
      ])();
    default:
      break;
  }
  if (spec.kind === 'set') {
    const [a, b] = [random.pick(flags), random.pick(flags)];
    return `${spec.name} ${random.pick(['', 'not '])}has ${random.pick([a, `(${a}, ${b})`, `any (${a}, ${b})`])}`;
  }
  if (spec.kind === 'name') {
    const word = (): string => {
      const name = random.pick(namesOf(decoder, spec.name));
      return random.below(4) === 0 ? name.toUpperCase() : name;
    };
    return random.pick([
      () => `${spec.name} ${random.pick(['', 'not '])}in (${word()}, ${word()})`,
      () => `${spec.name} ${random.pick(['', 'not '])}like ${random.pick(PATTERNS)}`,
      () => `${spec.name} ${random.pick(['=~', '!~'])} ${random.pick(REGEXPS)}`,
      () => `${spec.name} ${random.pick(['==', '!='])} ${word()}`,
    ])();
  }
  return random.below(4) === 0
    ? `${spec.name} ${random.pick(['', 'not '])}in (${numbers()}, ${numbers()}, ${numbers()})`
    : `${spec.name} ${random.pick(OPERATORS)} ${numbers()}`;
}

/** The pages of the batch that a filter and its twin hold for. */
function both(decoder: Decoder, text: string): { ours: number[]; twin: number[] } {
  const expression = parseExpression(text, COLUMNS);
  const { count } = decoder;
  const bits = new Filter(decoder, expression).run();
  const words =
    bits === 0
      ? new Uint32Array(Math.ceil(count / 32))
      : decoder.pages.loops.words(bits, Math.ceil(count / 32)).slice();
  const ours: number[] = [];
  for (let i = 0; i < words.length * 32; i++) if ((words[i >> 5]! >>> (i & 31)) & 1) ours.push(i);
  const names = columnsOf(expression).filter(isColumn);
  const columns = new PageColumns(names.map((name) => [name, decoder.column(name)]));
  const holds = evaluate(expression, { start: decoder.start, count, columns, states: decoder.states });
  return { ours, twin: [...holds].flatMap((on, i) => (on ? [i] : [])) };
}

/** Undefined for what calculates with numbers alone, or may need more than 128 bits. */
function unlessRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return undefined;
  }
}

describe('a filter holds where its twin does', () => {
  test.each(Object.values(KERNELS))('random expressions on random pages of %s', (file) => {
    const layout = layoutOf(file);
    let held = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const pages = new RandomPages(layout, 300, seed);
      const decoder = new Decoder(layout, pages.reader, pages.caches, []);
      decoder.read(0, 64 + random.below(237));
      for (let n = 0; n < 6; n++) {
        const text = randomExpression(random, decoder);
        const results = unlessRefused(() => both(decoder, text));
        if (!results) continue;
        const { ours, twin } = results;
        expect(ours, text).toEqual(twin);
        held += Number(twin.length > 0 && twin.length < decoder.count);
      }
    }
    // many expressions must tell pages apart, or this would say nothing
    expect(held).toBeGreaterThan(90);
  });

  test.each(GUESTS)('expressions on $name', async ({ capture }) => {
    const inspector = await openMemory(capture);
    const scan = inspector.scan({});
    const zone = inspector.layout.zones[0];
    for (const text of [
      'flags has dirty',
      'flags has swapcache || flags has reported',
      `flags has reserved && refcount == 1 && zone == ${zone}`,
      'type == slab && order >= 2 && slab_cache != kmalloc-512',
      'flags has lru && !(flags has uptodate)',
      'mapcount > 1 || refcount > 5 && mapping_kind in (anon, file)',
      'flags has any (uptodate, locked)',
      'refcount > mapcount && head != pfn',
      'refcount - mapcount >= 2 || flags_raw & 0x10',
      "slab_cache like 'kmalloc-*' && lru_next == page + 8",
      'free_order == 10',
      'head != 0 && order > 0 && pfn < 20000',
      'memcg_data != 0 && mapping >= 0xffff888000000000',
    ]) {
      for (const start of [0, 32768]) {
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
