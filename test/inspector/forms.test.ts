import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flattenWhole } from '../builders/flattened.ts';
import { buildHibernation } from '../builders/hibernation.ts';
import { buildKdump } from '../builders/kdump.ts';
import { buildAvml, buildLime } from '../builders/lime.ts';
import { elfOf, memoryOf } from '../builders/memory-parts.ts';
import { buildVmss } from '../builders/vmware.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** The memory of a real kernel, page by page. */
let pages: Map<number, Uint8Array>;
let vmcoreinfo: string;
let want: string;
const content = (pfn: number): Uint8Array => pages.get(pfn)!;

/** Neighbouring page frames, for the builders: `<first>-<last>` in hexadecimal. */
function ranges(): [first: number, last: number][] {
  const out: [number, number][] = [];
  for (const pfn of [...pages.keys()].sort((a, b) => a - b)) {
    const last = out.at(-1);
    if (last && last[1] === pfn - 1) last[1] = pfn;
    else out.push([pfn, pfn]);
  }
  return out;
}
const lines = (...words: string[]): string =>
  ranges()
    .map(([first, last]) => [`${first.toString(16)}-${last.toString(16)}`, ...words].join(' '))
    .join('\n');

beforeAll(async () => {
  const memory = await memoryOf(SAMPLE);
  vmcoreinfo = memory.vmcoreinfo;
  pages = new Map(
    memory.parts.flatMap(({ start, bytes }) =>
      Array.from({ length: bytes.length / 4096 }, (_, i) => [
        start / 4096 + i,
        bytes.subarray(i * 4096, (i + 1) * 4096),
      ]),
    ),
  );
  want = digest([SAMPLE]);
});

function digest(files: readonly string[]): string {
  const out = join(dir, 'pages.csv');
  expect(structpage('export', ...files, '-o', out)).toEqual({ code: 0, out: '', err: '' });
  return createHash('sha256').update(readFileSync(out)).digest('hex');
}

const FORMS: Record<string, () => Promise<Uint8Array> | Uint8Array> = {
  'kdump, zlib': () => buildKdump({ pages: lines('ram'), content, vmcoreinfo }),
  'kdump, lzo, flattened': async () =>
    flattenWhole(await buildKdump({ pages: lines('ram'), codec: 'lzo', content, vmcoreinfo })),
  'kdump, snappy, without VMCOREINFO': () => buildKdump({ pages: lines('ram'), codec: 'snappy', content }),
  'kdump, zstd': () => buildKdump({ pages: lines('ram'), codec: 'zstd', content, vmcoreinfo }),
  'ELF, flattened': async () => flattenWhole(elfOf((await memoryOf(SAMPLE)).parts, vmcoreinfo)),
  LiME: () => buildLime(lines(), content),
  'LiME, gzip': () => gzipSync(buildLime(lines(), content), { level: 1 }),
  AVML: () => buildAvml(lines(), content),
  'hibernation, uncompressed': () => buildHibernation([...pages.keys()], 'none', [], content),
  'hibernation, LZO': () => buildHibernation([...pages.keys()], 'lzo', [], content),
  'hibernation, LZ4': () => buildHibernation([...pages.keys()], 'lz4', [], content),
};

describe('the memory of one real kernel gives the same CSV as', () => {
  test.each(Object.keys(FORMS))('%s', async (name) => {
    const file = join(dir, 'dump');
    writeFileSync(file, await FORMS[name]!());
    expect(digest([file])).toBe(want);
    const { code, out } = structpage('info', file);
    expect(code).toBe(0);
    expect(out).toMatch(/\nfeatures tried on this dump\n {2}all columns.* yes +65536 of 65536 struct pages/);
  });

  test('VMware .vmem with its .vmss', () => {
    const all = ranges();
    const regions = all.map(([first, last], i) => {
      const before = all.slice(0, i).reduce((sum, [f, l]) => sum + l - f + 1, 0);
      return [first, before, last - first + 1] as const;
    });
    const memory = join(dir, 'guest.vmem');
    const state = join(dir, 'guest.vmss');
    writeFileSync(memory, Buffer.concat([...pages.keys()].sort((a, b) => a - b).map(content)));
    writeFileSync(state, buildVmss(regions));
    expect(digest([memory])).toBe(want);
    expect(digest([state, memory])).toBe(want);
  });

  test('raw pieces, named by their addresses', () => {
    const files = ranges().map(([first, last]) => {
      const file = join(dir, `guest.${(first * 4096).toString(16)}`);
      const bytes = Array.from({ length: last - first + 1 }, (_, i) => content(first + i));
      writeFileSync(file, Buffer.concat(bytes));
      return file;
    });
    expect(digest(files)).toBe(want);
  });

  test('a split kdump, and what is left when a part is missing', async () => {
    const top = Math.max(...pages.keys()) + 1;
    const middle = Math.floor(top / 2);
    const parts = await Promise.all(
      (
        [
          [0, middle],
          [middle, top],
        ] as const
      ).map(async (split, i) => {
        const file = join(dir, `part${i}`);
        writeFileSync(
          file,
          await buildKdump({ pages: lines('ram'), content, vmcoreinfo, split, maxMapnr: top }),
        );
        return file;
      }),
    );
    expect(digest(parts)).toBe(want);
    expect(digest([...parts].reverse())).toBe(want);
    expect(digest([parts[1]!])).toBe(want);
    rmSync(parts[1]!);
    const ran = structpage('info', parts[0]!);
    expect([ran.code, ran.out]).toEqual([3, '']);
    expect(ran.err).toMatch(/part 2 of (at least )?2 is missing/);
  });
});

/** What a user reads last where a dump is cut off within its first half. */
const CUT: Record<string, RegExp> = {
  'kdump, zlib':
    /dump is truncated \(it has \d+ bytes\): it ends before the data of about \d+ of its 3260 pages/,
  'kdump, lzo, flattened': /flattened file ends at offset \d+ without an end mark: it is truncated/,
  LiME: /of the [\d.]+ MiB of memory that the dump is to hold, [\d.]+ MiB are not in the file/,
  'LiME, gzip': /the gzip data ends early: the file is truncated/,
  AVML: /the file ends within the chunk at offset \d+: memory from 0x[0-9a-f]+ on is lost/,
  'hibernation, uncompressed': /Name the whole swap partition/,
};

test.each(Object.keys(CUT))('%s, cut in half: every command says why in one message', async (name) => {
  const bytes = await FORMS[name]!();
  const file = join(dir, 'dump');
  writeFileSync(file, bytes.subarray(0, bytes.length / 2));
  for (const args of [['info'], ['summary'], ['dump', '--limit', '3']]) {
    const ran = structpage(...args, file);
    expect([ran.code, ran.out]).toEqual([3, '']);
    expect(ran.err).toMatch(CUT[name]!);
    expect(ran.err).toMatch(/^structpage: /);
    expect(ran.err).not.toMatch(/\n {4}at |undefined|NaN/);
  }
});
