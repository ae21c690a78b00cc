import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';
import { open } from './flip.ts';
import { placesOf, virtualOffsets } from './flip-places.ts';

const original = new Uint8Array(
  gunzipSync(readFileSync(new URL('../../examples/sample.elf.gz', import.meta.url))),
);
const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('zones alone tell what is online, and struct pages deny their spans: kpageflags are not available', async () => {
  const file = Uint8Array.from(original);
  const inspector = await open(file);
  expect(inspector.model.sections.onlineByZones).toBe(true);
  const starts = placesOf(inspector, file).filter(({ what }) => what === 'zone_start_pfn');
  const rows = [...inspector.selectSync({ columns: ['flags_raw'] })].length;
  inspector.close();
  expect(starts.length).toBeGreaterThan(1);
  for (const { offset } of starts) {
    for (const bit of [9, 12, 14, 60]) {
      const at = offset + (bit >> 3);
      file[at]! ^= 1 << (bit & 7);
      const damaged = await open(file);
      file[at]! ^= 1 << (bit & 7);
      const told = damaged.model.sections.lost.join();
      expect(told, `bit ${bit}`).toMatch(
        /no zone spans page frames \d+ to \d+|counts \d+ page frames of RAM/,
      );
      if (told.includes('no zone spans')) expect(damaged.columns).not.toContain('kpageflags');
      expect([...damaged.selectSync({ columns: ['flags_raw'] })].length).toBe(rows);
      damaged.close();
    }
  }
});

test('symbols lost: kpageflags are told to lack the zero page, with exit status 3', async () => {
  const file = Uint8Array.from(original);
  const inspector = await open(file);
  const at = virtualOffsets(inspector, file)(inspector.kernel.vmcoreinfo!.symbol('kallsyms_token_table')!);
  inspector.close();
  file.fill(0, at, at + 512);
  const path = join(dir, 'no-symbols.elf');
  writeFileSync(path, file);
  const ran = structpage('dump', path, '--limit', '1', '--columns', 'pfn,kpageflags', '--no-cache');
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('which page is the zero page');
  expect(structpage('dump', path, '--limit', '1', '--columns', 'pfn,flags', '--no-cache').code).toBe(0);
});
