import { expect, test } from 'vitest';
import { alignmentFor, BATCH_PAGES, batches } from '../../src/memmap/batches.ts';

test('batches begin at multiples of the largest free block, and never hold more pages than one may', () => {
  // 64 KiB pages have free blocks of 8,192 pages
  for (const largest of [1024, 8192, 16384]) {
    const alignment = alignmentFor(largest);
    expect(alignment).toBe(Math.max(4096, largest));
    for (const first of [64, 4096, BATCH_PAGES]) {
      for (const start of [0, 1, 5000, 8191, 16383, 20000]) {
        let next = start;
        for (const batch of batches([{ start, end: 70000 }], first, alignment)) {
          expect(batch.from).toBe(next);
          expect(batch.start % alignment).toBe(0);
          expect(batch.end - batch.start).toBeLessThanOrEqual(BATCH_PAGES);
          expect(batch.start).toBeLessThanOrEqual(batch.from);
          next = batch.end;
        }
        expect(next).toBe(70000);
      }
    }
  }
});
