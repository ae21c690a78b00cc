import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { groupPages, openMemory } from '../../src/index.ts';
import { WHOLE } from '../../src/snapshot/sample.ts';
import type { SummaryRow } from '../../src/snapshot/schema.ts';
import { takeSnapshot } from '../../src/snapshot/take.ts';
import { Throttle } from '../../src/snapshot/throttle.ts';
import { openTable, tableDefinition } from '../../src/tables/registry.ts';
import { SAMPLE } from '../cli/run.ts';
import { readParquet } from '../export/parquet-file.ts';
import { objectsOf } from '../tables/objects.ts';

const corpus = process.env.STRUCTPAGE_CORPUS ?? '';
const truth = process.env.STRUCTPAGE_TRUTH ?? '';
const dumps = [
  join(truth, '6.12-A/vmcore.elf'),
  join(corpus, 'x86_64-5.10.0-32-cloud/vmcore.elf'),
  join(corpus, 'arm64-4k/vmcore.elf'),
  join(corpus, 's390x/vmcore.elf'),
].filter((path) => existsSync(path));

const number = (value: unknown): number => Number(value);
const sum = <T>(rows: readonly T[], of: (row: T) => number): number =>
  rows.reduce((n, row) => n + of(row), 0);

describe.each([SAMPLE, ...dumps])('%s', (path) => {
  test.each([
    ['in one pass with the pages and by class', true],
    ['alone and by type', false],
  ])('counts, %s, are those of other ways to count', async (_, withPages) => {
    const memory = await openMemory([path]);
    const files = new Map<string, Uint8Array>();
    const troubles: string[] = [];
    await takeSnapshot(
      memory,
      {
        facts: { time: 0, boot_id: undefined, release: memory.kernel.release },
        role: undefined,
        columns: withPages ? ['flags_raw', 'state'] : undefined,
        empty: [],
        sample: WHOLE,
        classes: withPages,
        topMemcgs: 5,
        objects: true,
        throttle: new Throttle(100),
        trouble: (sentence) => troubles.push(sentence),
      },
      async (table, write) => {
        const parts: Uint8Array[] = [];
        await write(async (data) => {
          parts.push(Buffer.from(data));
        });
        files.set(table, Buffer.concat(parts));
      },
    );
    const rows = (await readParquet(files.get('summary')!)) as unknown as SummaryRow[];
    const by = (what: string): SummaryRow[] => rows.filter((row) => row.by === what);
    const pageBytes = memory.kernel.pageBytes;
    for (const row of rows) expect(number(row.bytes)).toBe(number(row.pages) * pageBytes);

    const summary = memory.summary();
    expect(sum(by('pageblock'), (row) => number(row.pages))).toBe(summary.pages);
    const caches = new Map(by('slab_cache').map((row) => [row.name!, number(row.pages)]));
    for (const [name, pages] of summary.slabCaches) {
      if (name !== '(none)') expect([name, caches.get(name)]).toEqual([name, pages]);
    }
    if (withPages) {
      const classes = groupPages(memory, ['node', 'zone', 'class']);
      const told = by('class').map((row) => [`${row.node}`, row.zone, row.name, number(row.pages)]);
      expect(told.sort()).toEqual(classes.map(({ values, pages }) => [...values, pages]).sort());
      expect(by('type')).toEqual([]);
    } else {
      const types = new Map<string, number>();
      for (const { name, pages } of by('type')) types.set(name!, (types.get(name!) ?? 0) + number(pages));
      expect(types).toEqual(summary.types);
      expect(by('class')).toEqual([]);
    }
    const memcgs = groupPages(memory, ['memcg'], { where: 'memcg is not empty' }).slice(0, 5);
    expect(by('memcg').map((row) => number(row.pages))).toEqual(memcgs.map((group) => group.pages));

    const free = await readParquet(files.get('free')!);
    for (const { node, zone, freeBlocks } of summary.zones.values()) {
      for (const [order, blocks] of freeBlocks.entries()) {
        const own = free.filter((row) => row.node === node && row.zone === zone && row.order === order);
        expect([order, sum(own, (row) => number(row.blocks))]).toEqual([order, blocks ?? 0]);
      }
    }
    if (troubles.length === 0) {
      const lists = await objectsOf(openTable(memory, tableDefinition('free_lists'), () => {}));
      const listed = lists.map(({ node, zone, order, type, blocks }) =>
        [node, zone, order, type, blocks].join(),
      );
      const told = free.map(({ node, zone, order, migratetype, blocks }) =>
        [node, zone, order, migratetype, blocks].join(),
      );
      expect(told.sort()).toEqual(listed.sort());
    }
    memory.close();
  });
});
