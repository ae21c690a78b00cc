import { describe, expect, test } from 'vitest';
import { openMemory, openTable, summarize, tableDefinition } from '../../src/index.ts';
import { objectsOf } from './objects.ts';

const capture = (name: string): string => new URL(`../fixtures/${name}.elf.gz`, import.meta.url).pathname;

describe.each(['x86_64-5.10.0-32-cloud', 'x86_64-7.2.13-cloud'])('folios of %s', (name) => {
  test('of more than one page are as many as the summary counts, and do not overlap', async () => {
    const inspector = await openMemory(capture(name));
    const summary = await summarize(inspector, {}, 1);
    const rows = await objectsOf(openTable(inspector, tableDefinition('folios')));
    inspector.close();
    const counts: number[] = summary.folios.map(() => 0);
    let end = 0;
    for (const { pfn, order, nr_pages } of rows as { pfn: number; order: number; nr_pages: number }[]) {
      expect(pfn).toBeGreaterThanOrEqual(end);
      expect(nr_pages).toBe(2 ** order);
      end = pfn + nr_pages;
      counts[order]!++;
    }
    expect(counts.slice(1)).toEqual(summary.folios.slice(1));
    expect(counts[0]).toBeGreaterThan(1000);
  });
});
