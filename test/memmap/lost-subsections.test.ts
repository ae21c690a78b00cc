import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openMemory } from '../../src/index.ts';
import { onlineByZones } from '../../src/memmap/lost-subsections.ts';
import { readZones, type Zone } from '../../src/memmap/zones.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
// all but the oldest capture, which lacks them, hold the subsection maps
const HELD = readdirSync(FIXTURES).filter((name) => /^x86_64-(?!5\.10).*\.elf\.gz$/.test(name));

test.each(HELD)('zones of %s tell what its subsection maps tell', async (name) => {
  const inspector = await openMemory(FIXTURES + name);
  const { kernel, types, model } = inspector;
  const zones = readZones(kernel, types);
  let told = 0;
  for (const { number, online } of model.sections.list) {
    const start = number * model.pagesPerSection;
    const found = onlineByZones({ start, end: start + model.pagesPerSection }, 512, zones);
    if (found === undefined || online.length === 0) continue;
    expect([number, found]).toEqual([number, online]);
    told++;
  }
  inspector.close();
  expect(told).toBeGreaterThan(0);
});

const zone = (start: number, end: number, presentPages: number | undefined, name = 'Normal'): Zone => ({
  start,
  end,
  presentPages,
  name,
  node: 0,
  zone: 2,
  managedPages: undefined,
});
const SECTION = { start: 0, end: 2048 };

test('a subsection holds RAM if its zone lacks less than it, and none if no zone spans it', () => {
  expect(onlineByZones(SECTION, 512, [zone(1, 1000, 999)])).toEqual([{ start: 0, end: 1024 }]);
  expect(onlineByZones(SECTION, 512, [zone(1, 1000, 999 - 487)])).toEqual([{ start: 0, end: 1024 }]);
});

test.each<[string, Zone[]]>([
  ['the zone lacks as much as lies in a subsection', [zone(1, 1000, 999 - 488)]],
  ['the zone does not count', [zone(1, 1000, undefined)]],
  ['the zone counts more than it spans', [zone(1, 1000, 1000)]],
  ['no zone is there', [zone(4096, 8192, 4096)]],
  ['the zone is one of device memory', [zone(0, 2048, 2048, 'Device')]],
])('it is not known where %s', (_, zones) => {
  expect(onlineByZones(SECTION, 512, zones)).toBeUndefined();
});
