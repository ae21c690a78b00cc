import { describe, expect, test } from 'vitest';
import { COLUMNS, type ColumnName, pageColumn } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { csv, writeAny } from '../../src/export/csv.ts';
import { json, ndjson } from '../../src/export/json.ts';
import { checkOptions, type OptionValues } from '../../src/export/options.ts';
import {
  type Exporter,
  exportRows,
  type Inspector,
  openMemory,
  pageTable,
  type Selection,
  writeTable,
} from '../../src/index.ts';
import { RowEncoder } from '../../src/scan/row-encoder.ts';
import type { TableRows } from '../../src/table/table.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { GUESTS } from '../golden/oracles.ts';
import { Random, RandomPages } from '../loops/random-pages.ts';

/** All columns but those that are told by more memory than captures hold. */
const NAMES = COLUMNS.filter((c) => !pageColumn(c.name).needsMap).map((c) => c.name);

async function exported(
  inspector: Inspector,
  exporter: Exporter,
  selection: Selection,
  options: OptionValues = {},
): Promise<string> {
  const parts: Buffer[] = [];
  // what a sink is given is only good until its promise is settled
  const sink = async (part: string | Uint8Array): Promise<void> => void parts.push(Buffer.from(part));
  await exportRows(inspector, { options, selection, exporter }, sink);
  return Buffer.concat(parts).toString();
}

/** What csv-stringify makes of the same rows. */
async function stringified(
  rows: Iterable<TableRows>,
  columns: readonly ColumnName[],
  options: OptionValues = {},
): Promise<string> {
  const parts: Buffer[] = [];
  const sink = async (part: string | Uint8Array): Promise<void> => void parts.push(Buffer.from(part));
  await writeAny(rows, columns.map(pageColumn), sink, options);
  return Buffer.concat(parts).toString();
}

describe("the bulk encoder writes csv-stringify's bytes", () => {
  test.each(Object.values(KERNELS))('for random pages of %s and any columns', async (file) => {
    const layout = layoutOf(file);
    for (let seed = 1; seed <= 12; seed++) {
      const random = new Random(seed);
      const pages = new RandomPages(layout, 400, seed);
      const columns = NAMES.filter((n) => !n.startsWith('kpage') && random.below(3) > 0);
      const decoder = new Decoder(layout, pages.reader, pages.caches, columns);
      const format = csv.plan(columns.map(pageColumn), checkOptions(csv, { header: seed % 2 === 0 }));
      if (format.kind !== 'text') throw new Error('plain CSV is text');
      const encoder = new RowEncoder(decoder, columns, format.style);
      decoder.read(0, 400);
      const rows = Uint32Array.from({ length: 400 }, (_, i) => i).filter(() => random.below(4) > 0);
      const at = decoder.pages.loops.allocate(rows.length * 4);
      decoder.pages.loops.words(at, rows.length).set(rows);
      const chunks = [...encoder.encode({ at, first: 0, count: rows.length })].map((chunk) =>
        Buffer.from(chunk.slice()),
      );
      const ours = format.head + Buffer.concat(chunks).toString();
      const theirs = await stringified([{ batch: decoder.batch(), rows }], columns, {
        header: seed % 2 === 0,
      });
      expect(ours === theirs, `seed ${seed}`).toBe(true);
    }
  });

  test.each(GUESTS)('for every column of $name', async ({ capture }) => {
    const inspector = await openMemory(capture);
    const selection = { columns: NAMES, pfns: [{ start: 0, end: 12000 }] };
    const theirs = await stringified(inspector.selectSync(selection), NAMES);
    expect((await exported(inspector, csv, selection)) === theirs).toBe(true);
    const some = { ...selection, where: 'refcount > 0 && flags has lru', limit: 100 };
    expect(await exported(inspector, csv, some)).toBe(await stringified(inspector.selectSync(some), NAMES));
    inspector.close();
  });
});

test.each(GUESTS)('JSON and NDJSON of $name can be parsed and say the same as CSV', async ({ capture }) => {
  const inspector = await openMemory(capture);
  for (const where of ['pfn < 9000', 'pfn == 5000', 'refcount == -77']) {
    const selection = { columns: NAMES, where };
    const lines = (await exported(inspector, ndjson, selection)).split('\n').filter((l) => l !== '');
    const objects = lines.map((l) => JSON.parse(l) as Record<string, unknown>);
    expect(JSON.parse(await exported(inspector, json, selection))).toEqual(objects);
    const rows = (await exported(inspector, csv, selection, { header: false })).split('\n').slice(0, -1);
    expect(objects.map((o) => NAMES.map((n) => o[n] ?? '').join(','))).toEqual(rows);
  }
  inspector.close();
});

test.each(GUESTS)('text of $name written row by row is the text of the loops', async ({ capture }) => {
  const inspector = await openMemory(capture);
  const selection = { columns: NAMES, pfns: [{ start: 4000, end: 9000 }] };
  for (const exporter of [csv, json, ndjson]) {
    const { texts: _, ...slow } = pageTable(inspector, selection);
    const parts: Buffer[] = [];
    await writeTable(slow, exporter, {}, async (part) => void parts.push(Buffer.from(part)));
    expect(Buffer.concat(parts).toString() === (await exported(inspector, exporter, selection))).toBe(true);
  }
  inspector.close();
});

test('another dialect is written by csv-stringify', async () => {
  const inspector = await openMemory(GUESTS[1]!.capture);
  const selection = { columns: ['pfn', 'zone'], limit: 2 };
  expect(await exported(inspector, csv, selection, { delimiter: ';', quoted: true })).toBe(
    '"pfn";"zone"\n"0";"DMA"\n"1";"DMA"\n',
  );
  inspector.close();
});
