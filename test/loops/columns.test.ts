import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COLUMNS, type ColumnName } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { openMemory } from '../../src/index.ts';
import { layoutOf } from '../decode/layouts.ts';
import { GUESTS } from '../golden/oracles.ts';
import { differences } from './batch-differences.ts';
import { DecoderTwin } from './decode-twin.ts';
import { RandomPages } from './random-pages.ts';

const LAYOUTS = readdirSync(new URL('../../layouts/x86_64/', import.meta.url))
  .filter((f) => f.endsWith('.json'))
  .map((f) => f.slice(0, -5));
const NAMES = COLUMNS.filter((c) => c.needs !== 'kpage' && !c.needsMap).map((c) => c.name);

describe('the loops decode as their twins do', () => {
  test.each(LAYOUTS)('random pages of %s', (file) => {
    for (const vmemmap of [true, false]) {
      const layout = layoutOf(file, '', vmemmap);
      for (let seed = 1; seed <= 12; seed++) {
        const pages = new RandomPages(layout, 1500, seed, vmemmap);
        const decoder = new Decoder(layout, pages.reader, pages.caches, NAMES);
        const twin = new DecoderTwin(layout, pages.reader, pages.caches);
        for (const [start, count] of [
          [0, 700],
          [704, 517],
          [1221, 1],
          [1222, 278],
        ] as const) {
          decoder.read(start, count);
          const raw = pages.batch(start, count);
          expect(differences(decoder.batch(), twin.decode(raw, NAMES), raw, NAMES), `seed ${seed}`).toEqual(
            [],
          );
        }
      }
    }
  });

  test.each(GUESTS)('every page of $name', async ({ capture }) => {
    const inspector = await openMemory(capture);
    const { layout, reader, caches } = inspector;
    const decoder = new Decoder(layout, reader, caches, NAMES as readonly ColumnName[]);
    const twin = new DecoderTwin(layout, reader, caches);
    for (let start = 0; start < 65536; start += 16384) {
      decoder.read(start, 16384);
      const raw = reader.read(start, 16384);
      expect(differences(decoder.batch(), twin.decode(raw, NAMES), raw, NAMES)).toEqual([]);
    }
    inspector.close();
  });
});
