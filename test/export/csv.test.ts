import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLUMNS, type Column, type ColumnName } from '../../src/decode/columns.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import { csv, writeAny } from '../../src/export/csv.ts';
import type { Exporter, ExportOptions } from '../../src/export/exporter.ts';
import { json, ndjson } from '../../src/export/json.ts';
import { openMemory } from '../../src/index.ts';
import { GUESTS } from '../golden/oracles.ts';

const TEXTS = [
  '',
  'slab',
  'a,b',
  'say "x"',
  'two\nlines',
  'ümlaut',
  ' lead',
  '=1+1',
  "it's",
  'x'.repeat(300),
];

async function text(
  write: Exporter['write'],
  batches: readonly { batch: ColumnBatch; rows: Uint32Array }[],
  columns: readonly ColumnName[],
  options: ExportOptions = {},
): Promise<string> {
  const parts: Buffer[] = [];
  const rows = (async function* () {
    yield* batches;
  })();
  // what a sink is given is only valid until it returns
  await write(rows, columns, async (part) => void parts.push(Buffer.from(part)), options);
  return Buffer.concat(parts).toString();
}

const u32 = fc.oneof(fc.constantFrom(0, 1, 9, 10, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
const number = fc.oneof(
  fc.constantFrom(0, -1, 9, 10, 99, 100, -(2 ** 31), 2 ** 31, 2 ** 40 - 1, 2 ** 32),
  fc.integer(),
);

function column(kind: Column['kind'], count: number): fc.Arbitrary<Column> {
  const flags = fc.uint8Array({ minLength: count, maxLength: count, max: 1 });
  const halves = fc.array(u32, { minLength: count, maxLength: count }).map((a) => Uint32Array.from(a));
  switch (kind) {
    case 'number':
      return fc
        .tuple(fc.array(number, { minLength: count, maxLength: count }), flags)
        .map(([values, empty]) => ({ kind, values: Float64Array.from(values), empty }));
    case 'word':
      return fc.tuple(halves, halves, flags).map(([low, high, empty]) => ({ kind, low, high, empty }));
    case 'name':
      return fc
        .array(fc.nat(TEXTS.length - 1), { minLength: count, maxLength: count })
        .map((codes) => ({ kind, codes: Uint8Array.from(codes), names: TEXTS }));
    case 'set':
      return fc.tuple(halves, halves).map(([low, high]) => ({
        kind,
        low,
        high: high.map((h) => h & 0xf),
        names: Array.from({ length: 36 }, (_, i) => `flag_${i}`),
      }));
  }
}

const batches = fc.array(
  fc.integer({ min: 1, max: 6 }).chain((count) =>
    fc
      .tuple(
        fc.tuple(...COLUMNS.map((c) => column(c.kind, count))),
        fc.uint8Array({ minLength: count, maxLength: count, max: 2 }),
        fc.subarray(Array.from({ length: count }, (_, i) => i)),
      )
      .map(([columns, states, rows]) => ({
        batch: {
          start: 0,
          count,
          states,
          columns: new Map(COLUMNS.map((c, i) => [c.name, columns[i]!])),
        } as ColumnBatch,
        rows: Uint32Array.from(rows),
      })),
  ),
  { maxLength: 4 },
);

describe('the bulk writer', () => {
  test("writes csv-stringify's bytes for any values and any columns", async () => {
    const names = COLUMNS.map((c) => c.name);
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.subarray(names, { minLength: 1 }),
        fc.boolean(),
        async (list, columns, header) => {
          expect(await text(csv.write, list, columns, { header })).toBe(
            await text(writeAny, list, columns, { header }),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each(GUESTS)("writes csv-stringify's bytes for every column of $name", async ({ capture }) => {
    const inspector = await openMemory(capture);
    const columns = COLUMNS.map((c) => c.name);
    const list = [...inspector.selectSync({ columns, pfns: [{ start: 0, end: 12000 }] })];
    expect((await text(csv.write, list, columns)) === (await text(writeAny, list, columns))).toBe(true);
    inspector.close();
  });

  test('JSON and NDJSON can be parsed and say the same', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (list) => {
        const columns = COLUMNS.map((c) => c.name);
        const lines = (await text(ndjson.write, list, columns)).split('\n').filter((l) => l !== '');
        expect(JSON.parse(await text(json.write, list, columns))).toEqual(lines.map((l) => JSON.parse(l)));
      }),
      { numRuns: 60 },
    );
  });
});

test('another dialect is written by csv-stringify', async () => {
  const inspector = await openMemory(GUESTS[1]!.capture);
  const rows = [...inspector.selectSync({ columns: ['pfn', 'zone'], limit: 2 })];
  expect(await text(csv.write, rows, ['pfn', 'zone'], { delimiter: ';', quoted: true })).toBe(
    '"pfn";"zone"\n"0";"DMA"\n"1";"DMA"\n',
  );
  inspector.close();
});
