import { expect, test } from 'vitest';
import { Claims, nameOf } from '../../src/classify/claims.ts';
import { classCode } from '../../src/classify/classes.ts';

const stack = classCode('kernel_stack');
const table = classCode('page_table', 'pgd');

test('a claim that begins within a page is of that page, and none is before or behind the page array', () => {
  const claims = new Claims(8);
  claims.claim(2.25, stack);
  claims.claim(2.25, table);
  claims.claim(-3, table, 4);
  claims.claim(7, table, 9);
  expect([...claims.codes].map((code) => (code === 0 ? '' : nameOf(code)))).toEqual([
    nameOf(table),
    '',
    nameOf(Math.min(stack, table)),
    '',
    '',
    '',
    '',
    nameOf(table),
  ]);
  expect(claims.conflicts.map(({ pages, pfn }) => [pages, pfn])).toEqual([[1, 2]]);
});
