import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGE_CLASSES } from '../../src/index.ts';

test('docs/classes.md has the table of classes as it is', () => {
  const text = readFileSync(new URL('../../docs/classes.md', import.meta.url), 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/[`|]/g, '').trim()));
  const expected = PAGE_CLASSES.slice(1).map(({ name, subclass, evidence, over = [] }) => [
    name,
    subclass,
    evidence,
    over.join(', '),
  ]);
  expect(rows).toEqual(expected);
});

test('every class has a name, and every pair of class and subclass is there once', () => {
  const pairs = PAGE_CLASSES.slice(1).map((c) => `${c.name}:${c.subclass}`);
  expect(new Set(pairs).size).toBe(pairs.length);
  expect(pairs.filter((p) => p.startsWith(':'))).toEqual([]);
  expect(PAGE_CLASSES.length).toBeLessThan(256);
  const names = new Set(PAGE_CLASSES.map((c) => c.name));
  for (const { over = [] } of PAGE_CLASSES)
    for (const name of over) expect([name, names.has(name)]).toEqual([name, true]);
});
