import { describe, expect, test } from 'vitest';
import {
  intervalFor,
  keysOf,
  openMemory,
  press,
  type Sample,
  screenOf,
  type TopState,
  takeSample,
} from '../../src/index.ts';
import { rowsOf } from '../../src/top/rows.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const made = (at: number, owners: Record<string, number>, more: Partial<Sample> = {}): Sample => ({
  at,
  time: new Date(0),
  pages: 1000,
  by: 'type',
  uses: new Map([['buddy', 500]]),
  zones: [{ node: 0, zone: 'Normal', pages: 1000, freePages: 500, freeBlocks: [4, 0, 124] }],
  owner: 'slab_cache',
  owners: new Map(Object.entries(owners)),
  unread: 0,
  gaps: [],
  cost: 10,
  ...more,
});

const STATE: TopState = {
  by: 'type',
  owner: 'slab_cache',
  order: 'size',
  interval: 2000,
  isPaused: false,
  showsHelp: false,
  scroll: 0,
};
const FACTS = { source: 'guest', release: '6.12', pageBytes: 4096, share: 0.25, interval: 2000 };

describe('rows', () => {
  const before = made(1000, { a: 10, b: 50, gone: 5 });
  const now = made(3000, { a: 30, b: 46, late: 1 });

  test('have rates since the sample before, also of what is gone', () => {
    expect(rowsOf(now, before, 'owners', 'size')).toEqual([
      { name: 'b', pages: 46, rate: -2 },
      { name: 'a', pages: 30, rate: 10 },
      { name: 'late', pages: 1, rate: 0.5 },
      { name: 'gone', pages: 0, rate: -2.5 },
    ]);
  });

  test.each([
    ['size', ['b', 'a', 'late', 'gone']],
    ['rate', ['a', 'gone', 'b', 'late']],
    ['name', ['a', 'b', 'gone', 'late']],
  ] as const)('by %s', (order, names) => {
    expect(rowsOf(now, before, 'owners', order).map((r) => r.name)).toEqual(names);
  });

  test('have no rates in the first sample, or when other things were counted before', () => {
    const other = made(1000, { a: 10 }, { owner: 'file' });
    for (const first of [undefined, other]) {
      expect(rowsOf(now, first, 'owners', 'size').map((r) => r.rate)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
  });
});

test('the interval grows so that samples take no more than their share', () => {
  expect(intervalFor(2000, 100, 0.25)).toBe(2000);
  expect(intervalFor(2000, 1000, 0.25)).toBe(4000);
  expect(intervalFor(10, 1, 1)).toBe(100);
  const screen = screenOf(
    made(0, {}, { cost: 1000 }),
    undefined,
    STATE,
    { ...FACTS, interval: 4000 },
    { width: 100, height: 24 },
  );
  expect(screen.map((line) => line.text).join('\n')).toMatch(
    /a sample takes 1\.0 s of every 4\.0 s, not 2\.0 s, since a sample may take 25 % of the time/,
  );
});

test('what could not be read or followed is told', () => {
  const now = made(0, {}, { unread: 3, gaps: ['a: b', 'c: d'] });
  const [, line] = screenOf(now, undefined, STATE, FACTS, { width: 100, height: 24 });
  expect(line!.text).toMatch(/1000 pages.*; 3 struct pages unreadable; 2 walks ended early/);
});

test('a screen of any size has that many lines and characters, whatever names hold', () => {
  const owners = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`name\x1b[31m\u202e${i}`.repeat(i), i + 1]),
  );
  for (let width = 1; width < 160; width += 7) {
    for (let height = 0; height < 40; height += 3) {
      for (const showsHelp of [false, true]) {
        const lines = screenOf(made(0, owners), undefined, { ...STATE, showsHelp }, FACTS, { width, height });
        expect(lines.length).toBe(height);
        for (const { text } of lines) {
          expect(text.length).toBeLessThanOrEqual(width);
          expect(text).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
        }
      }
    }
  }
});

describe('keys', () => {
  const can = (): boolean => true;

  test('escape sequences are one key', () => {
    expect(keysOf('q\x1b[A\x1bOBj\x1b[5~ \x1b')).toEqual([
      'q',
      '\x1b[A',
      '\x1bOB',
      'j',
      '\x1b[5~',
      ' ',
      '\x1b',
    ]);
  });

  test('change the state, and only to what the image can tell', () => {
    expect(press(STATE, 's', can).state.order).toBe('rate');
    expect(press(STATE, 'c', can)).toMatchObject({ state: { by: 'class' }, samples: true });
    expect(press(STATE, 'c', () => false)).toEqual({ state: STATE });
    expect(press(STATE, '3', can)).toMatchObject({ state: { owner: 'file' }, samples: true });
    expect(press(STATE, '3', () => false)).toEqual({ state: STATE });
    expect(press(STATE, 'o', (what) => what === 'slab_cache').state.owner).toBe('slab_cache');
    expect(press(STATE, '+', can).state.interval).toBe(5000);
    expect(press(STATE, '-', can).state.interval).toBe(1000);
    expect(press({ ...STATE, scroll: 1 }, '\x1b[5~', can).state.scroll).toBe(0);
    expect(press(STATE, 'q', can).quits).toBe(true);
    expect(press(STATE, '\x1b[99~', can)).toEqual({ state: STATE });
  });
});

test('a sample counts what summary counts', async () => {
  const inspector = await openMemory(SAMPLE);
  const { types, slabCaches, zones, pages } = inspector.summary();
  const sample = await takeSample(inspector, { by: 'type', owner: 'slab_cache' });
  inspector.close();
  expect([sample.pages, sample.uses, sample.owners, sample.zones]).toEqual([
    pages,
    types,
    slabCaches,
    [...zones.values()],
  ]);
});

describe('samples for logs', () => {
  test('have no control sequences', () => {
    const { code, out, err } = structpage('top', SAMPLE, '--batch', '-n', '3', '-d', '0.1', '--top', '2');
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toMatch(/[^\P{Cc}\n]/u);
    expect(out.match(/^structpage top/gm)?.length).toBe(3);
    expect(out).toMatch(/^buddy +11495 +44\.9 MiB +17\.5%$/m);
    expect(out).toMatch(/^SLAB CACHE.*\nshmem_inode_cache +648 .*\nkernfs_node_cache +378 .*$/m);
  });

  test.each([
    [['top', SAMPLE], 2, /standard output is not a terminal; --batch prints text instead/],
    [
      ['top', SAMPLE, '--batch', '--by', 'class'],
      4,
      /--by class: the kernel's objects, by which they are known, cannot be read/,
    ],
    [['top', SAMPLE, '--batch', '--owners', 'process'], 4, /--owners process: the kernel's objects/],
    [['top', SAMPLE, '--batch', '-n', '0'], 2, /positive integer/],
    [['top', SAMPLE, '--batch', '-d', '0.01'], 2, /seconds from 0\.1/],
    [['top', SAMPLE, '--batch', '--share', '0'], 2, /percentage from 1 to 100/],
  ])('%j', (args, code, message) => {
    const ran = structpage(...args);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toMatch(message);
  });
});
