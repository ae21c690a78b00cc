import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { COLUMNS, describe as describeImage, type Info, openMemory } from '../../src/index.ts';
import { cpuNote, elfOf, memoryOf, type Part, without } from '../builders/memory-parts.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const CAPTURES = [
  SAMPLE,
  ...readdirSync(FIXTURES)
    .filter((f) => f.endsWith('.elf.gz'))
    .map((f) => join(FIXTURES, f)),
];
const ALL = COLUMNS.filter((c) => !c.needsOnline && !c.needsMap).map((c) => c.name);

function write(name: string, pieces: readonly (readonly [at: number, bytes: Uint8Array])[]): string {
  const path = join(dir, name);
  const fd = openSync(path, 'w');
  let end = 0;
  for (const [at, bytes] of pieces) {
    writeSync(fd, bytes, 0, bytes.length, at);
    end = Math.max(end, at + bytes.length);
  }
  ftruncateSync(fd, end);
  closeSync(fd);
  return path;
}

const raw = (parts: readonly Part[], name = 'raw.img'): string =>
  write(
    name,
    parts.map((p) => [p.start, p.bytes]),
  );

function lime(parts: readonly Part[]): string {
  let at = 0;
  return write(
    'memory.lime',
    parts.flatMap(({ start, bytes }) => {
      const head = Buffer.alloc(32);
      head.write('EMiL');
      head.writeUInt32LE(1, 4);
      head.writeBigUInt64LE(BigInt(start), 8);
      head.writeBigUInt64LE(BigInt(start + bytes.length - 1), 16);
      const from = at;
      at += 32 + bytes.length;
      return [[from, head] as const, [from + 32, bytes] as const];
    }),
  );
}

const bareElf = (parts: readonly Part[]): string => write('bare.elf', [[0, elfOf(parts)]]);

/** Memory in which nobody can find VMCOREINFO. */
function withoutVmcoreinfo(parts: readonly Part[]): Part[] {
  return parts.map(({ start, bytes }) => {
    const copy = Buffer.from(bytes);
    for (let at = copy.indexOf('OSRELEASE='); at >= 0; at = copy.indexOf('OSRELEASE=', at + 1))
      copy.write('NORELEASE=', at);
    return { start, bytes: copy };
  });
}

/** A digest of all columns of all pages. */
function digest(path: string): string {
  const out = join(dir, 'pages.csv');
  const ran = structpage('export', path, '-o', out, '--columns', ALL.join(','));
  expect(ran).toEqual({ code: 0, out: '', err: '' });
  return createHash('sha256').update(readFileSync(out)).digest('hex');
}

async function infoOf(path: string): Promise<Info> {
  const inspector = await openMemory(path);
  const info = describeImage(inspector);
  inspector.close();
  return info;
}

const step = (info: Info, what: string): Info['search'][number] | undefined =>
  info.search.find((s) => s.what === what);

describe.each(CAPTURES)('%s', (capture) => {
  test('is the same memory as raw image, as LiME and as ELF without notes, with VMCOREINFO found by a scan or lost', async () => {
    const { parts } = await memoryOf(capture);
    const want = digest(capture);
    const known = await infoOf(capture);
    // the capture of a kernel that had crashed has none: the copy that such a kernel fills in lies in the memory of the crash kernel
    const inMemory = parts.some(({ bytes }) => /OSRELEASE=\d/.test(bytes.toString('latin1')));
    expect(inMemory).toBe(!capture.includes('-kdump'));
    const fact = (info: Info, label: string): string | undefined =>
      info.facts.find((f) => f.label === label)?.value;
    for (const path of [raw(parts), lime(parts), bareElf(parts)]) {
      expect(digest(path)).toBe(want);
      const info = await infoOf(path);
      expect(step(info, 'note')?.outcome).toBe('the file has none with VMCOREINFO');
      const found = step(info, 'VMCOREINFO');
      expect(found?.outcome).toMatch(
        inMemory
          ? /found by a scan of memory at physical 0x[0-9a-f]+: .* holds its release/
          : /^none that holds/,
      );
      expect(found?.scanned?.bytes).toBeGreaterThan(0);
      expect(found?.scanned?.secondsPerGib).toBeGreaterThan(0);
    }
    const lost = raw(withoutVmcoreinfo(parts), 'lost.img');
    expect(digest(lost)).toBe(want);
    const info = await infoOf(lost);
    expect(step(info, 'VMCOREINFO')?.outcome).toMatch(/^none that holds/);
    expect(step(info, 'page tables')?.outcome).toMatch(/found at physical 0x/);
    expect(step(info, 'symbol table')?.outcome).toBe('found by its shape in the kernel image');
    // three ways to the same facts
    for (const label of ['release', 'KASLR offset', 'page table root', 'phys_base', 'vmemmap base'])
      expect([label, fact(info, label)]).toEqual([label, fact(known, label)]);
  });
});

describe('page tables of a program, which map what the kernel does', () => {
  const FIVE_LEVELS = true;
  /** The sample with the page of the kernel's own root copied to where a program may have its own. */
  async function withProgram(): Promise<{
    parts: Part[];
    vmcoreinfo: string;
    root: number;
    program: number;
  }> {
    const { parts, vmcoreinfo } = await memoryOf(SAMPLE);
    const value = (await infoOf(SAMPLE)).facts.find((f) => f.label === 'page table root')?.value;
    const root = Number(/0x[0-9a-f]+/.exec(value ?? '')?.[0]);
    const home = parts.find((p) => p.start <= root && root < p.start + p.bytes.length)!;
    const bytes = Buffer.from(home.bytes.subarray(root - home.start, root - home.start + 4096));
    const program = 0x2000;
    expect(parts.some((p) => p.start < program + 4096 && p.start + p.bytes.length > program)).toBe(false);
    return { parts: [{ start: program, bytes }, ...parts], vmcoreinfo, root, program };
  }

  test('lead to the kernel where VMCOREINFO is lost; its own are taken then', async () => {
    const { parts, root, program } = await withProgram();
    for (const [name, bytes] of [
      ['a scan', elfOf(withoutVmcoreinfo(parts))],
      ['CR3', elfOf(withoutVmcoreinfo(parts), undefined, undefined, cpuNote(program, FIVE_LEVELS))],
    ] as const) {
      const path = write('program.elf', [[0, bytes]]);
      const info = await infoOf(path);
      const fact = info.facts.find((f) => f.label === 'page table root');
      expect(fact?.value).toBe(`physical 0x${root.toString(16)}`);
      expect(fact?.from).toMatch(new RegExp(`^init_top_pgt of the symbol table, by ${name}`));
      expect(digest(path)).toBe(digest(SAMPLE));
    }
  });

  test('bear VMCOREINFO out where the root that it names is lost', async () => {
    const { parts, vmcoreinfo, root, program } = await withProgram();
    const cut = without(parts, root, root + 4096);
    const bytes = elfOf(cut, vmcoreinfo, undefined, cpuNote(program, FIVE_LEVELS));
    const path = write('rootless.elf', [[0, bytes]]);
    const info = await infoOf(path);
    expect(step(info, 'registers')?.outcome).toBe("CR3 0x2000 of a CPU, from QEMU's note");
    expect(step(info, 'VMCOREINFO')?.outcome).toMatch(
      /^VMCOREINFO note: the page tables map the kernel's text/,
    );
    expect(digest(path)).toBe(digest(SAMPLE));
  });

  test('do not bear out a VMCOREINFO of another boot', async () => {
    const { parts, vmcoreinfo, root, program } = await withProgram();
    const other = vmcoreinfo.replace(/NUMBER\(phys_base\)=-?\d+/, 'NUMBER(phys_base)=2097152');
    expect(other).not.toBe(vmcoreinfo);
    const cut = withoutVmcoreinfo(without(parts, root, root + 4096));
    const bytes = elfOf(cut, other, undefined, cpuNote(program, FIVE_LEVELS));
    const info = await infoOf(write('other.elf', [[0, bytes]]));
    expect(step(info, 'VMCOREINFO')).toBeUndefined();
    expect(info.facts.find((f) => f.label === 'release')?.from).toBe('linux_banner, by the symbol table');
  });
});

describe('where there is no kernel to be found', () => {
  test('zeros, noise and nothing at all are told in a sentence', () => {
    const noise = createNoise(8 * 1024 * 1024);
    const cases: [string, RegExp][] = [
      [
        write('zeros.img', [[32 * 1024 * 1024 - 1, Uint8Array.of(0)]]),
        /32 MiB of memory, all of which is zeros/,
      ],
      [write('noise.img', [[0, noise]]), /no VMCOREINFO that holds in the notes or in the 8 MiB of memory\n/],
    ];
    for (const [path, want] of cases) {
      const ran = structpage('info', path);
      expect(ran.code).toBe(3);
      expect(ran.out).toBe('');
      expect(ran.err).toMatch(want);
      expect(ran.err).toMatch(/no page of memory looks like the root of page tables/);
    }
  });

  test('without the kernel image, how much of it is lost is said', async () => {
    const parts = withoutVmcoreinfo((await memoryOf(SAMPLE)).parts);
    const info = await infoOf(raw(parts));
    const address = (label: string): number =>
      Number(/physical (0x[0-9a-f]+)/.exec(info.facts.find((f) => f.label === label)?.value ?? '')?.[1]);
    const from = address('kernel text');
    // text and read-only data are gone, the page tables behind them are not
    const to = Math.floor(address('page table root') / 0x200000) * 0x200000;
    expect(to).toBeGreaterThan(from);
    const ran = structpage('info', lime(without(parts, from, to)));
    expect(ran.code).toBe(4);
    expect(ran.err).toMatch(
      /the kernel's image lies at physical 0x[0-9a-f]+, and the dump lacks [\d.]+ of its [\d.]+ MiB/,
    );
  });
});

/** The same noise each time (xorshift32). */
function createNoise(length: number): Uint8Array {
  const out = new Uint32Array(length / 4);
  let x = 0x9e3779b9;
  for (let i = 0; i < out.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x;
  }
  return new Uint8Array(out.buffer);
}
