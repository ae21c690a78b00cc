import { expect, test } from 'vitest';
import type { ColumnName } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { openMemory } from '../../src/index.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import { addSummary, emptySummary, type Summary, SummaryCounter } from '../../src/views/summary.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { GUESTS } from '../golden/oracles.ts';
import { plainSummary } from './plain-summary.ts';
import { RandomPages } from './random-pages.ts';
import { addToSummary, SUMMARY_COLUMNS } from './summary-twin.ts';

function both(decoder: Decoder, counter: SummaryCounter, twin: Summary, whole = false): void {
  const { loops } = decoder.pages;
  const rows = Uint32Array.from({ length: decoder.count }, (_, i) => i).filter(
    (i) => decoder.states[i] === 0,
  );
  const at = loops.allocate(rows.length * 4);
  loops.words(at, rows.length).set(rows);
  const { folioPasses } = decoder.work;
  counter.add({ at: whole ? 0 : at, first: 0, count: rows.length });
  if (whole) expect(decoder.work.folioPasses).toBe(folioPasses);
  const { size, offsets } = decoder.layout;
  const raw = loops.bytes(decoder.pages.raw, decoder.count * size);
  addToSummary(twin, decoder.batch(), rows, (i) => (raw[i * size + offsets.compound]! & 1) === 1);
}

test.each(Object.values(KERNELS))('random pages of %s are counted as the twin counts them', (file) => {
  const layout: PageLayout = layoutOf(file);
  const all = emptySummary();
  const twins = emptySummary();
  for (let seed = 1; seed <= 8; seed++) {
    const pages = new RandomPages(layout, 1000, seed);
    const decoder = new Decoder(layout, pages.reader, pages.caches, SUMMARY_COLUMNS as readonly ColumnName[]);
    const counter = new SummaryCounter(decoder);
    const twin = emptySummary();
    for (const start of [0, 512]) {
      decoder.read(start, 480);
      both(decoder, counter, twin);
      both(decoder, counter, twins);
      decoder.read(start, 480);
    }
    const summary = counter.summary();
    // both() has counted each batch twice: for this seed's twin and for that of all seeds
    addSummary(twin, structuredClone(twin));
    expect(plainSummary(summary), `seed ${seed}`).toEqual(plainSummary(twin));
    addSummary(all, summary);
    addSummary(twins, emptySummary());
  }
  addSummary(twins, structuredClone(twins));
  expect(plainSummary(all)).toEqual(plainSummary(twins));
});

test.each(Object.values(KERNELS))('a batch of %s that is all readable needs no folio pass', (file) => {
  const layout: PageLayout = layoutOf(file);
  for (let seed = 1; seed <= 24; seed++) {
    const pages = new RandomPages(layout, 2000, seed);
    pages.states.fill(0);
    const decoder = new Decoder(layout, pages.reader, pages.caches, SUMMARY_COLUMNS as readonly ColumnName[]);
    const counter = new SummaryCounter(decoder);
    const twin = emptySummary();
    for (const start of [0, 1024]) {
      decoder.read(start, 976);
      both(decoder, counter, twin, true);
    }
    expect(plainSummary(counter.summary()), `seed ${seed}`).toEqual(plainSummary(twin));
  }
});

test('more sets of flags than the table has room for', () => {
  const layout = layoutOf(KERNELS['6.12']);
  const pages = new RandomPages(layout, 8000, 3);
  const view = new DataView(pages.bytes.buffer);
  for (let pfn = 0; pfn < pages.count; pfn++) {
    view.setUint32(pfn * layout.size + layout.offsets.flags, Math.imul(pfn, 0x9e3779b1) & 0x3fffbf, true);
  }
  const decoder = new Decoder(layout, pages.reader, pages.caches, SUMMARY_COLUMNS as readonly ColumnName[]);
  decoder.read(0, 8000);
  const counter = new SummaryCounter(decoder);
  const twin = emptySummary();
  both(decoder, counter, twin);
  const sets = decoder.column('flags');
  if (sets.kind === 'set') {
    expect(new Set(Array.from(sets.low, (l, i) => `${l} ${sets.high[i]}`)).size).toBeGreaterThan(4096);
  }
  expect(plainSummary(counter.summary())).toEqual(plainSummary(twin));
});

test.each(GUESTS)('every page of $name is counted as the twin counts it', async ({ capture }) => {
  const inspector = await openMemory(capture);
  const twin = emptySummary();
  for (const { batch, rows } of inspector.selectSync({ columns: SUMMARY_COLUMNS }))
    addToSummary(twin, batch, rows);
  expect(plainSummary(inspector.summary())).toEqual(plainSummary(twin));
  const some = emptySummary();
  const selection = { where: 'flags has lru', pfns: [{ start: 1000, end: 60000 }] };
  for (const { batch, rows } of inspector.selectSync({ columns: SUMMARY_COLUMNS, ...selection }))
    addToSummary(some, batch, rows);
  expect(plainSummary(inspector.summary(selection))).toEqual(plainSummary(some));
  inspector.close();
});
