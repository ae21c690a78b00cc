import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Inspector, noCounts, openMemory, writeMapPng } from '../../src/index.ts';
import { curveFor } from '../../src/map/curve.ts';
import { encodePng } from '../../src/map/png.ts';
import { SAMPLE } from '../cli/run.ts';
import { type Decoded, decodePng } from './decode-png.ts';

let memory: Inspector;
beforeAll(async () => {
  memory = await openMemory(SAMPLE);
});
afterAll(() => memory.close());

const PLAIN = { title: 'sample', trouble: () => {}, theme: 'light', outline: false } as const;

async function picture(options: Partial<Parameters<typeof writeMapPng>[1]>): Promise<Decoded> {
  const parts: Uint8Array[] = [];
  const wanted = { by: 'type', curve: 'hilbert', size: 2048, scale: 1, ...PLAIN, ...options } as const;
  await writeMapPng(memory, wanted, async (data) => void parts.push(Buffer.from(data)), noCounts());
  return decodePng(Buffer.concat(parts));
}

/** What `summary` calls the type of each page, by pfn. */
function typesByPfn(): string[] {
  const types: string[] = [];
  for (const { batch, rows } of memory.selectSync({ columns: ['type', 'mapping_kind', 'flags'] })) {
    const type = batch.columns.get('type');
    const kind = batch.columns.get('mapping_kind');
    const flags = batch.columns.get('flags');
    const reserved = flags.names.indexOf('reserved');
    for (const row of rows) {
      const name = type.names[type.codes[row]!] || kind.names[kind.codes[row]!]!;
      const isReserved = (flags.low[row]! >>> reserved) & 1;
      types[batch.start + row] = name !== 'none' ? name : isReserved ? 'reserved' : 'other';
    }
  }
  return types;
}

describe('the picture of the sample', () => {
  test.each(['hilbert', 'rows'] as const)(
    '%s: each pixel has the colour of the type of its page',
    async (curve) => {
      const { width, height, colours, texts } = await picture({ curve });
      const types = typesByPfn();
      const { place } = curveFor(curve, types.length);
      const colourOf = new Map<string, number>();
      const wrong: number[] = [];
      for (const [pfn, type] of types.entries()) {
        const colour = colours[place(pfn)]!;
        if ((colourOf.get(type) ?? colour) !== colour) wrong.push(pfn);
        colourOf.set(type, colour);
      }
      expect(wrong).toEqual([]);
      expect(colourOf.size).toBe(new Set(types).size);
      expect(new Set(colourOf.values()).size).toBe(colourOf.size);
      expect(width * height).toBe(types.length);
      const buddy = types.filter((type) => type === 'buddy').length;
      expect(texts.get('Description')).toContain(`buddy: ${buddy} pages`);
    },
  );

  test('each pixel of a smaller picture has the colour that most of its pages have', async () => {
    const large = await picture({ curve: 'rows' });
    const small = await picture({ curve: 'rows', size: 128 });
    const each = large.colours.length / small.colours.length;
    expect(each).toBe(4);
    const wrong = small.colours.filter((colour, i) => {
      const pages = large.colours.slice(i * each, (i + 1) * each);
      const count = (of: number): number => pages.filter((c) => c === of).length;
      return count(colour) < Math.max(...pages.map(count));
    });
    expect(wrong).toEqual([]);
  });

  test('a page can be several pixels wide', async () => {
    const one = await picture({});
    const three = await picture({ scale: 3 });
    expect([three.width, three.height]).toEqual([one.width * 3, one.height * 3]);
    const wrong = three.colours.filter((colour, i) => {
      const [x, y] = [i % three.width, Math.floor(i / three.width)];
      return colour !== one.colours[Math.floor(y / 3) * one.width + Math.floor(x / 3)];
    });
    expect(wrong).toEqual([]);
  });

  test('lines show where zones meet', async () => {
    const plain = await picture({ scale: 4 });
    const lined = await picture({ scale: 4, outline: true });
    const changed = plain.colours.flatMap((colour, i) => (colour === lined.colours[i] ? [] : [i]));
    expect(changed.length).toBeGreaterThan(64);
    expect(new Set(changed.map((i) => lined.colours[i])).size).toBe(1);
  });
});

test('every chunk of a PNG has the checksum that the standard asks for', () => {
  const png = Buffer.from(
    encodePng({
      width: 2,
      height: 1,
      pixels: Uint8Array.of(0, 1),
      palette: [0, 0xffffff],
      texts: [['Title', 'ä']],
    }),
  );
  const types: string[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    types.push(png.toString('latin1', at + 4, at + 8));
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  expect(types).toEqual(['IHDR', 'PLTE', 'iTXt', 'IDAT', 'IEND']);
});
