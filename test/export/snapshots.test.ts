import { describe, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';

const SAMPLE = new URL('../../examples/sample.elf.gz', import.meta.url).pathname;
const PFNS = '4145-4149,13312-13314,30173-30174,32256-32257';
const COLUMNS =
  'pfn,page,flags,refcount,mapcount,type,head,order,free_order,zone,section_online,mapping,mapping_kind,slab_cache,kpageflags,state';

/** What a command prints of the sample; it must not complain. */
function printed(...args: string[]): string {
  const { code, out, err } = structpage(...args);
  expect([code, err]).toEqual([0, '']);
  return out;
}

describe.each(['table', 'csv', 'json', 'ndjson'])('as %s', (format) => {
  test('pages', () => {
    const rows = ['--pfn', PFNS, '--columns', COLUMNS, '--format', format];
    expect(printed('dump', SAMPLE, ...rows)).toMatchSnapshot();
  });

  test('no pages', () => {
    const rows = ['--where', 'refcount == -77', '--columns', 'pfn,page,type,flags', '--format', format];
    expect(printed('dump', SAMPLE, ...rows)).toMatchSnapshot();
  });

  test.each(['zones', 'sections', 'free_blocks'])('the table %s', (name) => {
    expect(printed('table', name, SAMPLE, '--limit', '5', '--format', format)).toMatchSnapshot();
  });

  test('some of a table', () => {
    const rows = ['--where', "order >= 8 && zone == 'DMA32'", '--columns', 'order,pfn', '--limit', '3'];
    expect(printed('table', 'free_blocks', SAMPLE, ...rows, '--format', format)).toMatchSnapshot();
  });
});

test('CSV in other dialects', () => {
  const rows = ['--pfn', '4145-4146', '--columns', 'pfn,zone,flags', '--format', 'csv'];
  expect(printed('dump', SAMPLE, ...rows, '--delimiter', ';', '--no-header')).toMatchSnapshot();
  expect(printed('dump', SAMPLE, ...rows, '--quoted')).toMatchSnapshot();
});

test('an option of another format is refused', () => {
  const { code, err } = structpage('table', 'zones', SAMPLE, '--format', 'json', '--quoted');
  expect([code, err]).toEqual([2, 'structpage: --quoted is an option of csv; the format is json\n']);
});
