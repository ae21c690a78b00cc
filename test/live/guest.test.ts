import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openMemory, type Summary } from '../../src/index.ts';
import {
  configOf,
  type GuestOptions,
  type GuestRun,
  kernels,
  missing,
  PATCHABLE,
  RETURN_ONE,
  runGuest,
} from './guest.ts';

const why = missing();
if (why !== undefined) process.stderr.write(`guests are not tested: ${why}\n`);

const series = ['5.10', '6.1', '6.12', '6.18', '7.2'];
const releases = why === undefined ? kernels(series) : [];

function report(run: GuestRun): Record<string, never> {
  expect(run.exit, run.console.slice(-2000)).toBe('0');
  expect(run.results.failed, run.console.slice(-2000)).toBeUndefined();
  return run.results as Record<string, never>;
}

describe.skipIf(releases.length === 0)('a running guest', () => {
  test.for(releases)('%s: all pages by /proc/kcore as its own kernel says', async (release) => {
    const { opened, verify, doctor, ...rest } = report(
      await runGuest(release, { scenario: 'kcore' }),
    ) as Record<
      string,
      // biome-ignore lint/suspicious/noExplicitAny: JSON of the script in the guest
      any
    >;
    expect(opened.release).toBe(release);
    expect(opened.segments).toBeGreaterThan(0);
    expect(opened.warnings).toEqual([]);
    expect(verify.pages).toBe(opened.pages);
    expect(verify.counts.unreadable).toBe(0);
    // what did not change while it was read is the same; of what did, little is
    expect(verify.equal / verify.settled, JSON.stringify(verify)).toBeGreaterThan(0.9999);
    expect(verify.live / verify.pages, JSON.stringify(verify)).toBeGreaterThan(0.97);
    const strict = configOf(release, 'CONFIG_STRICT_DEVMEM') === 'y';
    expect(rest['refused-crash'].message).toContain('there is no /dev/crash');
    for (const method of ['refused-mmap', 'refused-read']) {
      if (!strict) continue;
      expect(rest[method].name).toBe('UnsupportedError');
      expect(rest[method].message).toMatch(/CONFIG_STRICT_DEVMEM.*read \/proc\/kcore instead/);
    }
    const works = doctor.map((s: { name: string; works: boolean }) => `${s.name} ${s.works}`);
    expect(works).toEqual(['kcore true', 'crash false', 'mmap false', 'read false', 'vmcore false']);
  });

  test.for(releases)(
    '%s: /dev/mem, opened up from outside, gives the bytes of /proc/kcore',
    async (release) => {
      const run = await runGuest(release, {
        scenario: 'opened',
        append: PATCHABLE,
        onResult: (name, value, guest) =>
          name === 'patch-me' ? guest.patch(BigInt(`0x${value}`), RETURN_ONE) : undefined,
      });
      // biome-ignore lint/suspicious/noExplicitAny: JSON of the script in the guest
      const results = report(run) as Record<string, any>;
      for (const method of ['mmap', 'read']) {
        const beside = results[`beside-kcore-${method}`];
        expect(beside.different, JSON.stringify(beside)).toBe(0);
        expect(beside.equal / beside.pages, JSON.stringify(beside)).toBeGreaterThan(0.9);
        expect(beside.states).toEqual({ ok: beside.pages });
      }
      const { mistake, apic, vga, unaligned, ...others } = results.addresses;
      expect(mistake.got).toBe(0);
      expect(mistake.page).toContain('vmemmap');
      expect(vga.run.why).toContain('never touched');
      expect(apic.got).toBe(0);
      expect(apic.run.state).toBe('hole');
      expect(others['past the end'].run.why).toContain('beyond the end of RAM');
      expect(unaligned.got).toBe(8);
    },
  );

  const last = releases.slice(-1);
  const half = (size: string, id: number) =>
    `-object memory-backend-ram,size=${size},id=m${id} -numa node,memdev=m${id}`.split(' ');

  test.for<[string, GuestOptions]>([
    ['memory above the PCI hole', { scenario: 'kcore', memory: '5G' }],
    ['two nodes', { scenario: 'kcore', memory: '1G', qemu: [...half('512M', 0), ...half('512M', 1)] }],
    ['5-level page tables', { scenario: 'kcore', cpu: 'max,-cx16' }],
  ])('%s', async ([, options]) => {
    for (const release of last) {
      // biome-ignore lint/suspicious/noExplicitAny: JSON of the script in the guest
      const { opened, verify } = report(await runGuest(release, options)) as Record<string, any>;
      expect(verify.pages).toBe(opened.pages);
      expect(verify.counts.unreadable).toBe(0);
      expect(verify.equal / verify.settled, JSON.stringify(verify)).toBeGreaterThan(0.9999);
    }
  });

  test('readers killed at random moments leave the machine as it was', async () => {
    for (const release of last) {
      const run = await runGuest(release, {
        scenario: 'kills',
        memory: '1G',
        append: `${PATCHABLE} structpage.kills=${process.env.STRUCTPAGE_KILLS ?? 20}`,
        seconds: 280,
        onResult: (name, value, guest) =>
          name === 'patch-me' ? guest.patch(BigInt(`0x${value}`), RETURN_ONE) : undefined,
      });
      // biome-ignore lint/suspicious/noExplicitAny: JSON of the script in the guest
      const results = report(run) as Record<string, any>;
      expect(Object.keys(results.kills)).toEqual(['SIGKILL']);
      expect(results['after-kills'].oops).toBe('');
      expect(results['after-kills'].counts.unreadable).toBe(0);
    }
  });

  test.for(['640M', '5G'])('a guest of %s from outside, by the file that is its memory', async (memory) => {
    const folder = mkdtempSync(join(tmpdir(), 'structpage-memory-'));
    const path = join(folder, 'guest.mem');
    try {
      for (const release of last) {
        let outside: Summary | undefined;
        const run = await runGuest(release, {
          scenario: 'outside',
          memory,
          qemu: [
            '-object',
            `memory-backend-file,id=m0,size=${memory},mem-path=${path},share=on`,
            '-machine',
            'memory-backend=m0',
          ],
          async onResult(name) {
            if (name !== 'inside') return;
            const inspector = await openMemory(path);
            outside = inspector.summary();
            inspector.close();
          },
        });
        // biome-ignore lint/suspicious/noExplicitAny: JSON of the script in the guest
        const { inside } = report(run) as Record<string, any>;
        const seen = new Map(outside!.types);
        for (const [type, pages] of inside.types as [string, number][]) {
          expect(
            Math.abs((seen.get(type) ?? 0) - pages),
            `${type}: ${seen.get(type)} beside ${pages}`,
          ).toBeLessThan(inside.pages * 0.03);
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
