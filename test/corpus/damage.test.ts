import { existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ByteSource, type Inspector, openMemory, StructPageError } from '../../src/index.ts';
import { noCounts } from '../../src/scan/scan.ts';
import { fdSource } from '../../src/sources/fd-source.ts';

/** Whole dumps of production size, damaged as files are: the small captures of test/damage have every kind of damage. */
const folder = join(process.env.STRUCTPAGE_CORPUS ?? '', 'x86_64-6.12.107-kdump');
const DUMPS = ['vmcore.filtered-elf-d31', 'vmcore.kdump-lzo-d31'];
const present = existsSync(folder);
if (!present) console.info('the corpus is not here (STRUCTPAGE_CORPUS): no damage at full size');

const COLUMNS = ['pfn', 'flags_raw', 'refcount', 'mapping', 'type', 'head'];

/** Each page that could be read, as text; undefined where the dump is refused as a whole. */
async function pagesOf(
  source: ByteSource,
): Promise<{ pages: Map<number, string>; lost: number } | undefined> {
  let inspector: Inspector;
  try {
    inspector = await openMemory(source);
  } catch (error) {
    expect(error).toBeInstanceOf(StructPageError);
    return undefined;
  }
  const pages = new Map<number, string>();
  const counts = noCounts();
  for (const { batch, rows } of inspector.selectSync({ columns: COLUMNS }, counts)) {
    const flags = batch.columns.get('flags_raw');
    const refcount = batch.columns.get('refcount');
    const mapping = batch.columns.get('mapping');
    for (const i of rows) {
      const words = [flags.high[i], flags.low[i], refcount.values[i], mapping.high[i], mapping.low[i]];
      pages.set(batch.start + i, words.join());
    }
  }
  inspector.close();
  return { pages, lost: Object.values(counts).reduce((a, b) => a + b) - counts.ok };
}

function openDump(name: string): ByteSource {
  const path = join(folder, name);
  return fdSource(openSync(path, 'r'), name, statSync(path).size);
}

/** The file, cut off behind `length` bytes, or with bytes flipped from `at` on. */
function damaged(name: string, length: number, at = -1): ByteSource {
  const whole = openDump(name);
  return {
    name,
    byteLength: length,
    readInto(offset, target) {
      const got = whole.readInto(offset, target.subarray(0, Math.max(0, length - offset)));
      for (let i = Math.max(at, offset); at >= 0 && i < Math.min(at + 64, offset + got); i++) {
        target[i - offset]! ^= 0x5a;
      }
      return got;
    },
    close: () => whole.close(),
  };
}

describe.skipIf(!present)('a whole dump that is damaged', { timeout: 600_000 }, () => {
  test.each(DUMPS)('%s: what is lost is missed, what is left is right', async (name) => {
    const size = statSync(join(folder, name)).size;
    const whole = (await pagesOf(openDump(name)))!;
    expect(whole.lost).toBe(0);
    let read = 0;
    for (let part = 1; part < 24; part++) {
      for (const source of [
        damaged(name, Math.floor((size * part) / 24)),
        damaged(name, size, Math.floor((size * part) / 24)),
      ]) {
        const hit = await pagesOf(source);
        if (!hit) continue;
        read++;
        // there are no checksums: the struct pages whose very bytes were flipped can differ
        const wrong = [...hit.pages].filter(([pfn, words]) => words !== whole.pages.get(pfn)).length;
        expect(wrong).toBeLessThanOrEqual(2 * 64);
        expect(hit.pages.size + hit.lost).toBe(whole.pages.size);
      }
    }
    expect(read).toBeGreaterThan(12);
  });
});
