import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openGuest, openMemory, type Summary } from '../../src/index.ts';
import {
  type GuestOptions,
  type GuestRun,
  kernels,
  missing,
  openDevMem,
  PATCHABLE,
  runGuest,
} from './guest.ts';
import { Monitor } from './monitor.ts';

const why = missing();
if (why !== undefined) process.stderr.write(`guests are not tested: ${why}\n`);

const series = (process.env.STRUCTPAGE_SERIES ?? '6.1 6.12 7.2').split(' ');
const releases = why === undefined ? kernels(series) : [];

// biome-ignore lint/suspicious/noExplicitAny: JSON of the script in the guest
type Results = Record<string, any>;

function report(run: GuestRun): Results {
  expect(run.exit, run.console.slice(-2000)).toBe('0');
  expect(run.results.failed, run.console.slice(-2000)).toBeUndefined();
  return run.results;
}

/** Every page was compared, and no difference outlived being read again. */
function faithful(verify: Results, pages: number): void {
  const told = JSON.stringify(verify);
  expect(verify.pages, told).toBe(pages);
  expect(verify.different, told).toBe(0);
  expect(verify.equal + verify.raced + verify.changing, told).toBe(pages);
  if (verify.counts) expect(verify.counts.unreadable + verify.counts.doubtful, told).toBe(0);
}

/** The best of the comparisons while nothing else ran: our own process takes memory, too, until its code is compiled. */
function stillness(results: Results): number {
  return Math.max(
    ...['paused', 'paused-again', 'paused-still']
      .filter((name) => results[name])
      .map((name) => results[name].equal / results[name].pages),
  );
}

describe.skipIf(releases.length === 0)('a running guest', () => {
  test.for(releases)('%s: all pages by /proc/kcore as its own kernel says', async (release) => {
    const results = report(await runGuest(release, { scenario: 'kcore' }));
    const { opened, workload } = results;
    expect(opened).toMatchObject({ release, pages: 163840, levels: '4-level', warnings: [] });
    expect(Object.keys(workload).length).toBeGreaterThan(10);
    const types = new Map<string, number>(results.types);
    for (const type of ['anon', 'file', 'slab', 'table', 'hugetlb', 'ksm', 'buddy', 'reserved'])
      expect(types.get(type), type).toBeGreaterThan(0);
    for (const name of ['paused', 'busy', 'busier']) faithful(results[name], opened.pages);
    expect(stillness(results), JSON.stringify(results.paused)).toBeGreaterThanOrEqual(0.9999);
    for (const name of ['busy', 'busier']) {
      const { equal, pages } = results[name];
      expect(equal / pages, JSON.stringify(results[name])).toBeGreaterThanOrEqual(0.97);
    }
  });

  test.for(releases)(
    '%s: /dev/mem, opened up from outside, gives the bytes of /proc/kcore',
    async (release) => {
      const results = report(
        await runGuest(release, { scenario: 'opened', append: PATCHABLE, onResult: openDevMem }),
      );
      for (const [method, format] of Object.entries({
        mmap: '/dev/mem, by mmap',
        read: '/dev/mem, by read',
        crash: '/dev/crash, by read',
      })) {
        const beside = results[`beside-kcore-${method}`];
        expect(results[`mem-${method}`].format).toContain(format);
        expect(beside.different, JSON.stringify(beside)).toBe(0);
        expect(beside.equal / beside.pages, JSON.stringify(beside)).toBeGreaterThan(0.99);
        expect(beside.states).toEqual({ ok: beside.pages });
      }
      faithful(results.verify, 163840);
      const { mistake, apic, vga, unaligned, ...others } = results.addresses;
      expect([mistake.got, apic.got, vga.got, unaligned.got]).toEqual([0, 0, 0, 8]);
      expect(vga.run.why).toContain('structpage never does');
      expect(apic.run.state).toBe('hole');
      expect(others['past-the-end'].run.why).toContain('beyond the end of RAM');
      expect(results.doctor.out.match(/^ +\d +(\w+) +yes/gm)).toHaveLength(4);
      expect(results.mistake).toMatchObject({ code: 2, out: '' });
      expect(results.mistake.err).toMatch(/looks like vmemmap .* minus PAGE_OFFSET .* at physical 0x/);
      expect(results['mistake-translated'].err).toMatch(/looks like vmemmap .* minus PAGE_OFFSET/);
      expect(results.apic).toMatchObject({ code: 3, out: '' });
      expect(results.dump.out.split('\n')).toHaveLength(7);
      expect(results.oops).toBe('');
    },
  );

  const last = releases.slice(-1);
  const half = (size: string, id: number) =>
    `-object memory-backend-ram,size=${size},id=m${id} -numa node,memdev=m${id}`.split(' ');

  test.for<[string, GuestOptions, Results]>([
    ['512 MiB', { scenario: 'kcore', memory: '512M' }, { pages: 131072 }],
    ['memory above the PCI hole', { scenario: 'kcore', memory: '5G' }, { segments: 3 }],
    [
      'two nodes',
      { scenario: 'kcore', memory: '1G', qemu: [...half('512M', 0), ...half('512M', 1)] },
      { nodes: 2 },
    ],
    ['5-level page tables', { scenario: 'kcore', cpu: 'max,-cx16' }, { levels: '5-level' }],
  ])('%s', async ([, options, facts]) => {
    for (const release of last) {
      const results = report(await runGuest(release, { append: 'structpage.quick', ...options }));
      expect(results.opened).toMatchObject(facts);
      faithful(results.paused, results.opened.pages);
      expect(stillness(results), JSON.stringify(results.paused)).toBeGreaterThanOrEqual(0.9999);
    }
  });

  test('the memory of a machine that died, by /proc/vmcore in its crash kernel', async () => {
    for (const release of last) {
      const results = report(
        await runGuest(release, {
          scenario: 'kdump',
          memory: '2G',
          append: 'crashkernel=640M',
          ownKernel: true,
        }),
      );
      expect(results.loaded).toBe(0);
      expect(results.doctor.out).toMatch(/kcore +yes /);
      expect(results.doctor.out).toMatch(/ vmcore +yes +\/proc\/vmcore has the memory/);
      expect(results.info).toMatchObject({ code: 0, err: '' });
      const [alive, dead] = [results.alive, results.summary].map((ran) => JSON.parse(ran.out));
      expect(dead.pages).toBe(524288);
      for (const type of ['reserved', 'hugetlb', 'ksm']) expect(dead.types[type]).toEqual(alive.types[type]);
      expect(results.dump.out.split('\n')).toHaveLength(7);
    }
  });

  test('readers killed at random moments leave machine and files as they were', async () => {
    const kills = Number(process.env.STRUCTPAGE_KILLS ?? 100);
    for (const release of last) {
      const results = report(
        await runGuest(release, {
          scenario: 'kills',
          memory: '1G',
          append: `${PATCHABLE} structpage.kills=${kills}`,
          seconds: 600,
          onResult: openDevMem,
        }),
      );
      expect(results.kills.SIGKILL).toBe(kills);
      const { verify, oops, sameFiles, export: exported, dump } = results.after;
      faithful(verify, 262144);
      expect({ oops, sameFiles, dump }).toEqual({ oops: '', sameFiles: true, dump: 0 });
      // the old file or the new one, and whole
      expect([exported.whole, 262146]).toContain(exported.lines);
      expect(results['export-after'].code).toBe(0);
      expect(results.left).toEqual(['pages.csv']);
    }
  }, 620_000);

  test.for(['640M', '5G'])(
    'a guest of %s from outside, by the file that is its memory and by QMP',
    async (memory) => {
      const folder = mkdtempSync(join(tmpdir(), 'structpage-memory-'));
      const path = join(folder, 'guest.mem');
      try {
        for (const release of last) {
          const outside: Summary[] = [];
          const socket = join(folder, 'qmp');
          const run = await runGuest(release, {
            scenario: 'outside',
            memory,
            qemu: [
              '-object',
              `memory-backend-file,id=m0,size=${memory},mem-path=${path},share=on`,
              '-machine',
              'memory-backend=m0',
              '-qmp',
              `unix:${socket},server=on,wait=off`,
            ],
            async onResult(name) {
              if (name !== 'inside') return;
              for (const open of [
                () => openMemory(path),
                () => openGuest(socket),
                () => openGuest(socket, { stop: true }),
              ]) {
                const inspector = await open();
                outside.push(inspector.summary());
                inspector.close();
              }
              new Monitor(socket).quit();
            },
          });
          const { inside } = run.results;
          expect(outside).toHaveLength(3);
          for (const { types: seen } of outside) {
            for (const [type, pages] of inside.types as [string, number][]) {
              expect(
                Math.abs((seen.get(type) ?? 0) - pages),
                `${type}: ${seen.get(type)} beside ${pages}`,
              ).toBeLessThan(inside.pages * 0.03);
            }
          }
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
