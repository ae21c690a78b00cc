import { describe, expect, test } from 'vitest';
import { SAMPLE, structpage } from './run.ts';

/** A slab page, a tail of hugetlb, a free page, and a page of a file on tmpfs. */
const PAGES = ['4158', '13313', '32256', '18401'];
/** The struct page of pfn 4145. */
const STRUCT_PAGE = '0xffe490aa00040c40';

/** Commands on the sample, whose output is the same at each run. */
const COMMANDS: readonly (readonly string[])[] = [
  ['dump', SAMPLE, '--pfn', '4150-4165', '--wide'],
  ['dump', SAMPLE, '--pfn', '4158-4159', '--format', 'csv'],
  ['dump', SAMPLE, '--pfn', '4158-4159', '--format', 'json'],
  ['summary', SAMPLE, '--top', '5'],
  ['summary', SAMPLE, '--json'],
  ['summary', SAMPLE, '--group-by', 'zone,type', '--top', '6'],
  ['page', SAMPLE, ...PAGES],
  ['page', SAMPLE, ...PAGES, '--json'],
  ['translate', SAMPLE, STRUCT_PAGE],
  ['translate', SAMPLE, STRUCT_PAGE, '--json'],
  ['table', 'zones', SAMPLE],
  ['table', 'sections', SAMPLE, '--format', 'csv'],
  ['layout', 'show', SAMPLE, '--struct', 'page'],
];

describe('output on the sample', () => {
  test.each(COMMANDS.map((args) => [args.map((arg) => (arg === SAMPLE ? 'SAMPLE' : arg)).join(' '), args]))(
    '%s',
    (_, args) => {
      const { code, out, err } = structpage(...(args as string[]));
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatchSnapshot();
    },
  );
});

test('info says the same of the sample but for paths and times', () => {
  const { code, out } = structpage('info', SAMPLE);
  expect(code).toBe(0);
  const steady = out
    .replaceAll(SAMPLE, 'SAMPLE')
    .replace(/\d+(\.\d+)? (ms|s|MB\/s)\b/g, 'N $2')
    .replace(/ in N (ms|s).*$/gm, ' in N');
  expect(steady).toMatchSnapshot();
});
