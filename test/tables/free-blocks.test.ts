import { expect, test } from 'vitest';
import { openMemory, openTable, tableDefinition } from '../../src/index.ts';
import { GUESTS } from '../golden/oracles.ts';
import { objectsOf } from './objects.ts';

test.each(GUESTS)('free blocks of $name are as many as the summary counts', async ({ capture }) => {
  const inspector = await openMemory(capture);
  const rows = await objectsOf(openTable(inspector, tableDefinition('free_blocks')));
  const counted = new Map<string, number[]>();
  for (const { node, zone, order } of rows) {
    const key = `${node} ${zone}`;
    const counts = counted.get(key) ?? [];
    counted.set(key, counts);
    while (counts.length <= Number(order)) counts.push(0);
    counts[Number(order)]!++;
  }
  const zones = [...inspector.summary().zones].filter(([, z]) => z.freePages > 0);
  expect(rows.length).toBeGreaterThan(10);
  expect(counted).toEqual(new Map(zones.map(([key, z]) => [key, z.freeBlocks])));
  inspector.close();
});
