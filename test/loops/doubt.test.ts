import { describe, expect, test } from 'vitest';
import { Decoder } from '../../src/decode/decode.ts';
import { CONSTANTS } from '../../src/loops/abi.ts';
import { PAGE_STATES } from '../../src/memmap/page-reader.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { doubtful } from './doubt-twin.ts';
import { RandomPages } from './random-pages.ts';

test('states have the numbers that the loops know', () => {
  for (const [name, code] of Object.entries(CONSTANTS.State)) expect(PAGE_STATES[code]).toBe(name);
});

const DOUBTFUL = PAGE_STATES.indexOf('doubtful');

describe.each(Object.entries(KERNELS))('of %s', (_name, file) => {
  const layout = layoutOf(file);

  test('random pages are doubted as the twin doubts them', () => {
    let doubts = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const pages = new RandomPages(layout, 1000, seed);
      // what is zero, and a tail of what lies outside of the batch
      pages.bytes.fill(0, 100 * layout.size, 103 * layout.size);
      const decoder = new Decoder(layout, pages.reader, pages.caches, ['pfn']);
      for (const start of [0, 90, 512]) {
        const raw = pages.batch(start, 480);
        const wanted = doubtful(layout, pages.reader, raw);
        decoder.read(start, 480);
        decoder.doubt();
        const states = Array.from(decoder.states);
        const before = Array.from(raw.states);
        for (const i of wanted) before[i] = DOUBTFUL;
        expect(states, `seed ${seed}, from ${start}`).toEqual(before);
        expect(decoder.readable).toBe(states.filter((s) => s === 0).length);
        doubts += wanted.length;
      }
    }
    expect(doubts).toBeGreaterThan(50);
  });
});
