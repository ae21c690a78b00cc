import { expect, test } from 'vitest';
import { SAMPLE, structpage } from './run.ts';

// what can be told without reading the machine that the tests run on; the rest is tested in guests

test.for<[string[], number, RegExp]>([
  [['page', 'vmcore'], 2, /'vmcore' names no page.*If 'vmcore' is a dump, add a page after it/],
  [['page', SAMPLE, 'vmcore'], 2, /'vmcore' names no page; write one of pfn:1234/],
  [['page', 'a', 'b', 'c'], 2, /'c' names no page; write one of/],
  [['dump', '/proc/kcore', SAMPLE], 2, /cannot be combined with dump files/],
  [['page'], 2, /missing required argument/],
  [['translate', SAMPLE], 2, /is not a virtual address.*is a dump, add an address after it/],
  [['translate', '4096'], 2, /write 0x and up to 16 hexadecimal digits/],
  [['dump', '--method', 'ptrace'], 2, /Allowed choices are kcore, crash, mmap, read/],
  [
    ['dump', SAMPLE, '--method', 'kcore'],
    2,
    /--method applies to this machine's memory and cannot be combined/,
  ],
  [['dump', SAMPLE, '--nice', '20'], 2, /from 0 to 19/],
  [['verify', '--kpageflags', 'file'], 2, /need a dump/],
  [['verify', SAMPLE], 2, /nothing to compare with/],
  [['info', '/dev/zero'], 3, /expected a memory dump, found a character device/],
])('%j', ([args, code, told]) => {
  const ran = structpage(...args);
  expect(ran.err).toMatch(told);
  expect(ran).toMatchObject({ code, out: '' });
});

test('a low priority changes nothing of what is printed', () => {
  const args = ['dump', SAMPLE, '--pfn', '4158-4160'];
  expect(structpage(...args, '--nice', '19')).toEqual(structpage(...args));
});

test('doctor names every way in order, to people and to programs, whatever this machine has', () => {
  const { code, out, err } = structpage('doctor', '--json');
  const ways = JSON.parse(out) as {
    name: string;
    order: number | null;
    works: boolean;
    why: string;
    remedy: string;
  }[];
  expect(ways.map((w) => [w.name, w.order])).toEqual([
    ['kcore', 1],
    ['crash', 2],
    ['mmap', 3],
    ['read', 4],
    ['vmcore', null],
  ]);
  for (const way of ways) expect(way.works ? way.why : way.remedy).not.toBe('');
  expect(code).toBe(ways.some((w) => w.works) ? 0 : 4);
  expect(err).toBe('');
  const lines = structpage('doctor').out.split('\n');
  expect(lines[0]).toBe('order  source  works  why');
  for (const { why } of ways) expect(lines.join('\n')).toContain(why);
});
