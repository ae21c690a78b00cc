import { describe, expect, test } from 'vitest';
import { ReverseIndex, type TellMappings } from '../../src/owners/reverse-index.ts';

const LIMIT = 4096;

/** Mappings from text, one a line: `process page pfn count`. */
function indexOf(text: string, processes = 8): ReverseIndex {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number, number]);
  const tell: TellMappings = (sink) => {
    for (const [process, page, pfn, count] of rows) {
      // a count of 0 stands for a page that is told of with others
      if (count > 0) sink.one(process, page, pfn, count);
      else sink.many(process, page - (page % 512), Uint32Array.of(pfn), Uint16Array.of(page % 512), 1);
    }
  };
  return new ReverseIndex(LIMIT, processes, tell);
}

const shown = (index: ReverseIndex, pfn: number): string[] =>
  index.mappersOf(pfn).map(({ process, page }) => `${process}@${page.toString(16)}`);

describe('who maps a page', () => {
  test('single pages, in the order of processes, however they are told', () => {
    const index = indexOf(`
      0 512 10 1
      0 513 11 0
      1 1024 10 0
      1 1031 10 1`);
    expect(shown(index, 10)).toEqual(['0@200', '1@400', '1@407']);
    expect(index.countOf(11)).toBe(1);
    expect(index.countOf(12)).toBe(0);
  });

  test('a huge page is one entry, told at the address of each of its pages', () => {
    const index = indexOf(`
      0 512 1024 512
      1 1536 1024 512
      1 9000 1030 1`);
    expect(index.entries).toBe(3);
    expect(shown(index, 1024)).toEqual(['0@200', '1@600']);
    expect(shown(index, 1030)).toEqual(['0@206', '1@606', '1@2328']);
    expect(index.countOf(1535)).toBe(2);
    expect(index.countOf(1536)).toBe(0);
  });

  test('a huge page that areas cut is kept page by page', () => {
    const index = indexOf('3 700 1030 20');
    expect(index.entries).toBe(20);
    expect(shown(index, 1030)).toEqual(['3@2bc']);
    expect(shown(index, 1049)).toEqual(['3@2cf']);
    expect(shown(index, 1050)).toEqual([]);
  });

  test('addresses of five levels are kept whole', () => {
    const page = 2 ** 44 - 1;
    expect(indexOf(`1048575 ${page} 7 1`, 2 ** 20).mappersOf(7)).toEqual([{ process: 1048575, page }]);
    expect(indexOf(`1048575 ${page} 7 0`, 2 ** 20).mappersOf(7)).toEqual([{ process: 1048575, page }]);
  });

  test('frames behind the last page are left out', () => {
    const index = indexOf(`
      0 5 ${LIMIT - 1} 2
      0 9 ${LIMIT} 0
      0 9 ${2 ** 32 - 1} 0`);
    expect(index.entries).toBe(1);
    expect(shown(index, LIMIT - 1)).toEqual(['0@5']);
    expect(index.mappersOf(2 ** 32 - 1)).toEqual([]);
  });

  test('more processes than an entry can name are refused', () => {
    expect(() => indexOf('0 1 1 1', 2 ** 20 + 1)).toThrow(/1048577 processes/);
  });
});
