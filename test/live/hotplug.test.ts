import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasVirtioMem, kernels, missing, runGuest } from './guest.ts';
import { Plugging } from './plugging.ts';

const releases = missing() === undefined ? kernels(['6.12', '7.2']).filter(hasVirtioMem) : [];
const SECONDS = Number(process.env.STRUCTPAGE_HOTPLUG_SECONDS ?? 100);
/** MiB of the virtio-mem device. */
const LARGEST = 384;

describe.skipIf(releases.length === 0)('memory that comes and goes', () => {
  test.for(releases)(
    '%s: no page is read at the wrong place',
    { timeout: (SECONDS + 620) * 1000 },
    async (release) => {
      const folder = mkdtempSync(join(tmpdir(), 'structpage-hotplug-'));
      const socket = join(folder, 'qmp');
      let plugging: Plugging | undefined;
      let running: Promise<void> | undefined;
      try {
        const { results, console: text } = await runGuest(release, {
          scenario: 'hotplug',
          memory: '768M,slots=8,maxmem=16G',
          modules: ['virtio_mem'],
          append: `memhp_default_state=online_movable movablecore=256M structpage.seconds=${SECONDS} structpage.first=${4 * releases.indexOf(release)}`,
          seconds: SECONDS + 600,
          qemu: [
            ...['-object', `memory-backend-ram,id=vmem,size=${LARGEST}M`],
            ...['-device', 'virtio-mem-pci,id=vm0,memdev=vmem,requested-size=128M'],
            ...['-qmp', `unix:${socket},server=on,wait=off`],
          ],
          onResult(name) {
            if (name === 'unplug') plugging?.stop();
            if (name !== 'plug') return;
            plugging = new Plugging(socket, LARGEST);
            running = plugging.run();
          },
        });
        await running;
        const { hotplug } = results;
        expect(hotplug, text.slice(-3000)).toBeDefined();
        const told = JSON.stringify({ ...hotplug, plugged: plugging?.done }, null, 1);
        process.stderr.write(`${release} ${told}\n`);
        // memory did come and go
        expect(plugging!.done.resized, told).toBeGreaterThan(SECONDS / 10);
        expect(hotplug.sizes.length, told).toBeGreaterThan(1);
        expect(hotplug.moves.offline, told).toBeGreaterThan(0);
        // and nothing was misread
        expect(
          Object.keys(hotplug.codes).filter((key) => !/ [03]$/.test(key)),
          told,
        ).toEqual([]);
        expect(hotplug.verified.different, told).toBe(0);
        const { settled, equal, wrong } = hotplug.rows;
        expect(wrong, told).toEqual([]);
        expect(equal / settled, told).toBeGreaterThan(0.99);
        expect(hotplug.failures, told).toEqual([]);
        expect(hotplug.oops, told).toBe('');
      } finally {
        plugging?.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
