import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openMemory, openTable, tableDefinition } from '../../src/index.ts';
import { objectsOf } from './objects.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const NAMES = readdirSync(FIXTURES)
  .filter((f) => f.endsWith('.zoneinfo') && readdirSync(FIXTURES).includes(f.replace('.zoneinfo', '.elf.gz')))
  .map((f) => f.replace('.zoneinfo', ''));

/** What the kernel itself printed: node, zone, first pfn and spanned pages of zones that span any. */
function zoneinfo(name: string): unknown[] {
  const text = readFileSync(new URL(`${name}.zoneinfo`, FIXTURES), 'latin1');
  return text
    .split(/^(?=Node \d+, zone)/m)
    .map((part) => ({
      node: Number(/^Node (\d+)/.exec(part)?.[1]),
      zone: /zone\s+(\S+)/.exec(part)?.[1],
      start_pfn: Number(/start_pfn:\s+(\d+)/.exec(part)?.[1]),
      spanned: Number(/spanned\s+(\d+)/.exec(part)?.[1]),
    }))
    .filter((z) => z.spanned > 0);
}

test.each(NAMES)('zones of %s are those of its /proc/zoneinfo', async (name) => {
  const inspector = await openMemory(new URL(`${name}.elf.gz`, FIXTURES).pathname);
  const table = openTable(inspector, tableDefinition('zones'));
  const rows = await objectsOf(table);
  expect(rows.map(({ number: _, ...row }) => row)).toEqual(zoneinfo(name));
  inspector.close();
});

test.each(NAMES)('sections of %s hold the pages that it has', async (name) => {
  const inspector = await openMemory(new URL(`${name}.elf.gz`, FIXTURES).pathname);
  const rows = await objectsOf(openTable(inspector, tableDefinition('sections')));
  expect(rows.reduce((sum, row) => sum + Number(row.pages), 0)).toBe(inspector.presentPages);
  for (const row of rows) {
    expect(BigInt(row.struct_page as string)).toBe(inspector.model.addressOf(Number(row.start_pfn)));
  }
  inspector.close();
});
