import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../src/core/bytes.ts';
import { StructPageError } from '../../src/core/errors.ts';
import { FORMATS, WRAPPERS } from '../../src/sources/registry.ts';
import { buildElf } from '../builders/elf.ts';
import { flattenWhole } from '../builders/flattened.ts';
import { buildHibernation } from '../builders/hibernation.ts';
import { buildKdump } from '../builders/kdump.ts';
import { buildAvml, buildLime } from '../builders/lime.ts';
import { buildVmss } from '../builders/vmware.ts';
import { openBytes } from './open-bytes.ts';

const kdump = await buildKdump({ pages: '0-9 ram\nb zero\nc-f excluded', vmcoreinfo: 'OSRELEASE=x\n' });
const SEEDS: readonly Uint8Array[] = [
  kdump,
  await buildKdump({ pages: '0-9 ram', codec: 'lzo', split: [2, 7] }),
  flattenWhole(kdump),
  buildElf({ loads: '0-3fff file=1234\n8000-9fff' }),
  buildLime('0-3\n8-9'),
  buildAvml('0-3\n8-9'),
  buildHibernation([1, 2, 5], 'lzo'),
  buildHibernation([1, 2, 5], 'none'),
  buildVmss([[0, 0, 4]], new Uint8Array(16384)),
];

/** The beginnings that any of the formats and wrappers looks for. */
const MAGICS = [
  ...SEEDS.map((s) => s.subarray(0, 16)),
  Uint8Array.from([0x1f, 0x8b, 8, 0]),
  Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
  Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd]),
  new TextEncoder().encode('BZh91AY&SY'),
];

/** Opens, walks and reads a little; anything thrown must be ours. */
async function exercise(bytes: Uint8Array): Promise<void> {
  try {
    const image = await openBytes(bytes);
    let runs = 0;
    const buffer = new Uint8Array(8192);
    for (const run of image.memory.runs) {
      image.memory.readInto(run.start, buffer);
      image.memory.runAt(run.end - 1);
      if (++runs === 50) break;
    }
    image.memory.runAt(0);
    image.close();
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
  }
}

describe('any bytes', () => {
  it('are probed by each format and wrapper without an error that is not ours', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MAGICS), fc.uint8Array({ maxLength: 600 }), (magic, rest) => {
        for (const one of [...FORMATS, ...WRAPPERS]) {
          for (const bytes of [rest, Buffer.concat([magic, rest])]) {
            try {
              one.probe(bytesSource(bytes));
            } catch (error) {
              expect(error).toBeInstanceOf(StructPageError);
            }
          }
        }
      }),
    );
  });

  it('behind any magic are opened or refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...MAGICS), fc.uint8Array({ maxLength: 2000 }), (magic, rest) =>
        exercise(Buffer.concat([magic, rest])),
      ),
      { numRuns: 300 },
    );
  });

  it('written over a good file leave something to open or a good error', async () => {
    const extremes = fc.constantFrom(
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [0, 0, 0, 0, 0, 0, 0, 0x80],
      [0xff, 0xff, 0xff, 0xff],
      [0, 0, 0, 0],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SEEDS),
        fc.array(
          fc.tuple(
            fc.oneof(fc.nat(700), fc.integer({ min: 4096, max: 4300 }), fc.nat(1 << 16)),
            fc.oneof(extremes, fc.array(fc.nat(255), { minLength: 1, maxLength: 9 })),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        async (seed, edits) => {
          const bytes = seed.slice();
          for (const [at, patch] of edits)
            bytes.set(patch.slice(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
          await exercise(bytes);
        },
      ),
      { numRuns: 1500 },
    );
  });
}, 60_000);
