import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Honest, type Outcome, open, outcomeOf, premises, rowsOf } from './flip.ts';
import { type Place, placesOf } from './flip-places.ts';

/** One bit of so many is flipped; 1 tries them all. */
const STEP = Number(process.env.STRUCTPAGE_FLIPS ?? 311);
const CAPTURES = {
  '6.12': new URL('../../examples/sample.elf.gz', import.meta.url),
  '5.10': new URL('../fixtures/x86_64-5.10.0-32-cloud.elf.gz', import.meta.url),
};
const OUTCOMES: readonly Outcome[] = ['same rows', 'refused', 'counted', 'warned', 'silently different'];

/** Names that nothing else in memory tells: of a wrong one nothing can be known. docs/support.md lists them. */
const UNTOLD = /^name PG_/;

test.each(Object.entries(CAPTURES))(
  'one flipped bit in a capture of %s gives the same rows, or is told',
  { timeout: 24 * 3600_000 },
  async (kernel, url) => {
    const file = new Uint8Array(gunzipSync(readFileSync(url)));
    const inspector = await open(file);
    const honest: Honest = {
      premises: premises(inspector),
      rows: rowsOf(inspector),
      warnings: inspector.warnings.length,
    };
    const places = placesOf(inspector, file);
    inspector.close();
    const table = new Map<string, Map<Outcome, number>>();
    const silent: string[] = [];
    let next = STEP > 1 ? 7 : 0;
    for (const place of places) {
      const bits = place.bytes * 8;
      for (; next < bits; next += STEP) {
        const at = place.offset + (next >> 3);
        const before = file[at]!;
        file[at] = before ^ (1 << (next & 7));
        const outcome = await outcomeOf(file, honest).catch((error: unknown) => {
          throw new Error(`bit ${next} of ${place.what} (${place.part}) of ${kernel}`, { cause: error });
        });
        const row = table.get(place.part) ?? new Map<Outcome, number>();
        table.set(place.part, row.set(outcome, (row.get(outcome) ?? 0) + 1));
        if (outcome === 'silently different') silent.push(described(place, next, kernel));
        file[at] = before;
      }
      next -= bits;
    }
    if (process.env.STRUCTPAGE_FLIPS) console.log(`${text(kernel, table)}\n${silent.join('\n')}`);
    expect(silent.filter((what) => !UNTOLD.test(what))).toEqual([]);
    const tried = [...table.values()].flatMap((row) => [...row.values()]).reduce((a, b) => a + b, 0);
    expect(tried).toBeGreaterThan(40);
  },
);

function described(place: Place, bit: number, kernel: string): string {
  return `${place.what}, bit ${bit} (${place.part}, ${kernel})`;
}

/** The table as Markdown. */
function text(kernel: string, table: ReadonlyMap<string, ReadonlyMap<Outcome, number>>): string {
  const rows = [...table].map(
    ([part, row]) => `| ${kernel} | ${part} | ${OUTCOMES.map((o) => row.get(o) ?? 0).join(' | ')} |`,
  );
  return [`| kernel | part | ${OUTCOMES.join(' | ')} |`, ...rows].join('\n');
}
