import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { elfCoreHead } from '../../src/formats/elf-write.ts';
import {
  bytesSource,
  cellTexts,
  type Inspector,
  LayoutError,
  noCounts,
  openMemory,
  UnsupportedError,
} from '../../src/index.ts';
import { structpage } from '../cli/run.ts';

const original = gunzipSync(readFileSync(new URL('../../examples/sample.elf.gz', import.meta.url)));
const COLUMNS = ['pfn', 'flags', 'type', 'head', 'order', 'zone', 'slab_cache'];
const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

function rows(inspector: Inspector): string {
  const lines: string[] = [];
  for (const { batch, rows: pages } of inspector.selectSync({
    columns: COLUMNS,
    pfns: [{ start: 0, end: 40000 }],
  })) {
    const cells = cellTexts(batch, [...batch.columns.keys()]);
    for (const page of pages) lines.push(cells.map((cell) => cell(page)).join(','));
  }
  inspector.close();
  return lines.join('\n');
}

/** The sample with all places of `from` overwritten by `to`, which is as long. */
function replaced(...pairs: readonly (readonly [from: string | Uint8Array, to: string])[]): Uint8Array {
  const bytes = Buffer.from(original);
  for (const [from, to] of pairs) {
    let met = 0;
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) {
      bytes.write(to, at, 'latin1');
      met++;
    }
    expect(met).toBeGreaterThan(0);
  }
  return bytes;
}

const open = (bytes: Uint8Array): Promise<Inspector> => openMemory(bytesSource(bytes, 'sample'));
const NO_BTF = [Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0), '\0\0\0\0\0\0\0\0'] as const;

describe('types, by the order of evidence', () => {
  test('BTF lost: the layout file of this build gives the same rows', async () => {
    const want = rows(await open(original));
    const inspector = await open(replaced(NO_BTF));
    expect(inspector.types.confidence).toBe('layout-build-id');
    expect(inspector.warnings).toEqual([]);
    expect(rows(inspector) === want).toBe(true);
  });

  test('another build of the release: by release', async () => {
    const inspector = await open(replaced(NO_BTF, ['BUILD-ID=e1b6c8', 'BUILD-ID=000000']));
    expect(inspector.types.confidence).toBe('layout-release');
    inspector.close();
  });

  test('an unknown release: the nearest, with a warning', async () => {
    const inspector = await open(
      replaced(NO_BTF, ['BUILD-ID=e1b6c8', 'BUILD-ID=000000'], ['6.12.107+deb13', '6.12.109+deb13']),
    );
    expect(inspector.types.confidence).toBe('layout-nearest');
    expect(inspector.warnings.join()).toMatch(
      /layout of kernel 6\.12\.\d+\+deb13-cloud-amd64 is used for kernel 6\.12\.109/,
    );
    inspector.close();
  });

  test('BTF that was read whole and is refused: nothing else is tried, though this build is known', async () => {
    const bytes = Buffer.from(original);
    const at = bytes.indexOf('\0compound_head\0');
    bytes.fill(0x41, at - 4000, at + 4000);
    await expect(open(bytes)).rejects.toThrow(LayoutError);
  });
});

describe('struct pages that are not in the file', () => {
  test('are counted by reason, left out, and listed on demand', async () => {
    const inspector = await open(original);
    const { physical } = inspector.reader.survey().places[0]!;
    // leave out the struct pages of pfns 6400 to 12799
    const hole = { start: physical! + 6400 * 64, end: physical! + 12800 * 64 };
    const keep = [...inspector.image.memory.runs]
      .filter((r) => r.state === 'present')
      .flatMap((r) => [
        { start: r.start, end: Math.min(r.end, Math.max(r.start, hole.start)) },
        { start: Math.max(r.start, Math.min(r.end, hole.end)), end: r.end },
      ])
      .filter((r) => r.end > r.start);
    const loads = [
      ...keep.map((r) => ({ physical: r.start, memorySize: r.end - r.start, fileSize: r.end - r.start })),
      { physical: hole.start, memorySize: hole.end - hole.start, fileSize: 0 },
    ];
    const desc = new TextEncoder().encode(inspector.kernel.vmcoreinfo!.text);
    const parts = keep.map((r) => {
      const bytes = new Uint8Array(r.end - r.start);
      inspector.image.memory.readInto(r.start, bytes);
      return bytes;
    });
    inspector.close();
    const file = join(dir, 'partial.elf');
    writeFileSync(
      file,
      Buffer.concat([elfCoreHead(62, [{ name: 'VMCOREINFO', type: 0, desc }], loads), ...parts]),
    );

    const partial = await openMemory(file);
    const counts = noCounts();
    for (const _ of partial.selectSync({ columns: ['refcount'] }, counts)) {
      // counting is the test
    }
    partial.close();
    expect(counts).toMatchObject({ ok: 65536 - 6400, excluded: 6400 });

    const ran = structpage(
      'dump',
      file,
      '--columns',
      'pfn,refcount',
      '--format',
      'csv',
      '--pfn',
      '6398-6401',
    );
    expect(ran).toMatchObject({ code: 3, out: 'pfn,refcount\n6398,1\n6399,1\n' });
    expect(ran.err).toContain(
      "2 struct pages could not be read (excluded 2) and are left out; select the column 'state' to list them",
    );
    const listed = structpage(
      'dump',
      file,
      '--columns',
      'pfn,refcount,state',
      '--format',
      'csv',
      '--pfn',
      '6399-6400',
    );
    expect(listed.out).toBe('pfn,refcount,state\n6399,1,ok\n6400,,excluded\n');
    expect(listed.err).toContain('(excluded 1) and are listed with their state');
    const some = structpage('export', file, '-o', '-', '--format', 'csv', '--where', 'state == excluded');
    expect(some.err).toContain('(excluded 6400) and are listed where they match');
    // nothing is counted by what stands in their place
    const counted = structpage('summary', file, '--json', '--where', 'state != ok || pfn < 6400');
    expect(JSON.parse(counted.out).pages).toBe(6400);
    expect(counted.err).toContain('(excluded 6400) and are not counted');
    expect(structpage('page', file, 'pfn:6500').err).toContain('this memory was filtered out of the dump');
  });
});

test('memory of another architecture is told by its name', async () => {
  const bytes = Uint8Array.from(original);
  new DataView(bytes.buffer).setUint16(18, 8, true);
  await expect(open(bytes)).rejects.toThrow(UnsupportedError);
  await expect(open(bytes)).rejects.toThrow(
    /memory of architecture mips \(ELF core.*, Linux 6\..*\): supported are x86_64/,
  );
});
