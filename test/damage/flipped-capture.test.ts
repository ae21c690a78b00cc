import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesSource, openMemory, StructPageError } from '../../src/index.ts';

const bytes = gunzipSync(readFileSync(new URL('../../examples/sample.elf.gz', import.meta.url)));

/** Opens and reads some of a damaged image; whatever happens must be a result or an error of ours. */
async function look(damaged: Uint8Array): Promise<'result' | StructPageError> {
  try {
    const inspector = await openMemory(bytesSource(damaged, 'damaged'));
    for (const _ of inspector.selectSync({ pfns: [{ start: 4096, end: 20000 }] })) {
      // reading is the test
    }
    inspector.summary({ pfns: [{ start: 0, end: 4096 }] });
    inspector.close();
    return 'result';
  } catch (error) {
    expect(error).toBeInstanceOf(StructPageError);
    return error as StructPageError;
  }
}

test('a capture cut off at every sixteenth gives pages or a sentence', async () => {
  const outcomes: string[] = [];
  for (let part = 0; part <= 16; part++) {
    const outcome = await look(bytes.subarray(0, Math.floor((bytes.length * part) / 16)));
    outcomes.push(outcome === 'result' ? 'pages' : outcome.code);
  }
  expect(outcomes.at(-1)).toBe('pages');
  expect(outcomes.slice(0, 4)).not.toContain('pages');
});

test('flipped bytes anywhere give pages or a sentence, never another error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
          fc.integer({ min: 1, max: 255 }),
        ),
        {
          minLength: 1,
          maxLength: 200,
        },
      ),
      fc.boolean(),
      async (flips, headOnly) => {
        const damaged = Uint8Array.from(bytes);
        const room = headOnly ? 8192 : damaged.length;
        for (const [place, mask] of flips) damaged[Math.floor(place * room)]! ^= mask;
        await look(damaged);
      },
    ),
    { numRuns: 40, seed: 20261121 },
  );
});
