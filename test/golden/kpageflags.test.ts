import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Column, openMemory } from '../../src/index.ts';
import { compareKpage } from '../../src/views/verify.ts';
import { zoneSpans } from './oracles.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);

/** Guests that were stopped, or died, the instant after their kernel was asked. */
const GUESTS = [
  ['x86_64-6.12.107-kdump', 'panicked, dumped by makedumpfile'],
  ['x86_64-hvo-6.1', 'hugetlb vmemmap optimisation with fake heads'],
  ['x86_64-hvo-7.3', 'hugetlb vmemmap optimisation with masks in tails'],
  ['x86_64-numa-6.18', 'two NUMA nodes'],
  ['riscv64-6.12', 'Sv57'],
  ['arm64-16k-6.12', 'pages of 16 KiB, 52-bit addresses'],
  ['i386-5.10', 'FLATMEM, highmem, two levels'],
  ['i386-pae-6.1', 'FLATMEM, highmem, PAE'],
  ['armhf-6.1', 'FLATMEM, highmem, short descriptors'],
  ['armhf-lpae-6.12', 'FLATMEM, highmem, LPAE'],
] as const;

function captureOf(name: string): string {
  const extension = name.startsWith('x86_64') ? 'gz' : 'zst';
  return new URL(`${name}.elf.${extension}`, FIXTURES).pathname;
}

function words(name: string): BigUint64Array {
  const bytes = gunzipSync(readFileSync(new URL(name, FIXTURES)));
  return new BigUint64Array(new Uint8Array(bytes).buffer);
}

describe.each(GUESTS)('%s (%s)', (name) => {
  test('kpageflags and kpagecount are what its own kernel said, for every page', async () => {
    const inspector = await openMemory(captureOf(name));
    const result = compareKpage(inspector.selectSync({ columns: ['kpageflags', 'kpagecount'] }), {
      flags: words(`${name}.kpageflags.gz`),
      counts: words(`${name}.kpagecount.gz`),
    });
    inspector.close();
    expect(result.pages).toBeGreaterThan(30000);
    expect(result.groups).toEqual([]);
    expect([result.flagsEqual, result.countsEqual]).toEqual([result.pages, result.pages]);
  });

  test('mapcount is what its own kernel said in kpagecount, where there is one', async () => {
    const inspector = await openMemory(captureOf(name));
    const said = words(`${name}.kpagecount.gz`);
    let mapped = 0;
    for (const { batch, rows } of inspector.selectSync({ columns: ['mapcount'] })) {
      const { values, empty } = batch.columns.get('mapcount') as Extract<Column, { kind: 'number' }>;
      for (const i of rows) {
        const count = empty![i] ? 0 : values[i]!;
        if (count > 0) mapped++;
        const pfn = batch.start + i;
        if (BigInt(count) !== said[pfn]) expect([pfn, count]).toEqual([pfn, said[pfn]]);
      }
    }
    inspector.close();
    expect(mapped).toBeGreaterThan(500);
  });

  test('node and zone are those of the zone that spans the page, by the guest itself', async () => {
    const inspector = await openMemory(captureOf(name));
    const nodes: number[] = [];
    const zones: string[] = [];
    for (const { batch, rows } of inspector.selectSync({ columns: ['node', 'zone'] })) {
      const node = batch.columns.get('node') as Extract<Column, { kind: 'number' }>;
      const zone = batch.columns.get('zone') as Extract<Column, { kind: 'name' }>;
      for (const i of rows) {
        nodes[batch.start + i] = node.values[i]!;
        zones[batch.start + i] = zone.names[zone.codes[i]!]!;
      }
    }
    inspector.close();
    for (const span of zoneSpans(name)) {
      for (let pfn = span.start; pfn < span.end; pfn++) {
        if (nodes[pfn] === span.node && zones[pfn] === span.zone) continue;
        expect([pfn, nodes[pfn], zones[pfn]]).toEqual([pfn, span.node, span.zone]);
      }
    }
  });
});
