import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ran, structpage } from '../cli/run.ts';
import { kernels, missing, runGuest } from './guest.ts';
import { Monitor } from './monitor.ts';

const releases = missing() === undefined ? kernels(['6.12']) : [];
const STEPS = ['start', 'once', 'twice'];

let folder: string;

/** Stops the guest, writes its memory to a file, and lets it go on. */
async function takeMemory(socket: string, path: string): Promise<void> {
  const monitor = new Monitor(socket);
  await monitor.dump(path, 'elf');
  monitor.resume();
}

describe.skipIf(releases.length === 0)('a guest that leaks', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'structpage-diff-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.for(releases)('%s: the diff of its stops names the leak first', async (release) => {
    const socket = join(folder, 'qmp');
    const dumps = STEPS.map((step) => join(folder, `${step}.elf`));
    let top: Ran | undefined;
    const { console: text, results } = await runGuest(release, {
      scenario: 'leak',
      memory: '512M',
      // a socket serves one client at a time
      qemu: ['', '-ours'].flatMap((end) => ['-qmp', `unix:${socket}${end},server=on,wait=off`]),
      async onResult(name) {
        if (!STEPS.includes(name)) return;
        await takeMemory(socket, dumps[STEPS.indexOf(name)]!);
        if (name !== 'twice') return;
        top = structpage('top', '--qmp', `${socket}-ours`, '--by', 'type', '--json', '-n', '2', '-d', '0.5');
        new Monitor(socket).quit();
      },
    });
    expect(Object.keys(results), text.slice(-2000)).toEqual(STEPS);

    const two = structpage('diff', dumps[0]!, dumps[1]!, '--json');
    const found = JSON.parse(two.out);
    expect([two.code, two.err, found.relation.kinship, found.measure]).toEqual([0, '', 'same boot', 'class']);
    // a struct file takes 184 to 256 bytes
    const least = Math.floor((results.once.files * 184) / 4096);
    expect(found.suspects[0]).toMatchObject({ use: 'slab', kind: 'slab_cache', owner: 'filp' });
    expect(found.suspects[0].growth).toBeGreaterThan(least * 0.9);
    expect(found.suspects[0].growth).toBeLessThan(least * 1.6);
    expect(found.growth.slab_cache[0].name).toBe('filp');
    // the file that was deleted and is still open
    const file = found.growth.file.find((f: { name: string }) => f.name.startsWith('/tmp/deleted'));
    expect(file.pages).toEqual([0, 256]);

    const three = JSON.parse(structpage('diff', ...dumps, '--json').out);
    expect(three.suspects[0]).toMatchObject({ owner: 'filp', isMonotonic: true });
    expect(three.suspects[0].growth).toBeGreaterThan(2 * least * 0.9);

    // what is left of the leak is what the running guest shows
    expect([top!.code, top!.err]).toEqual([0, '']);
    const shown = top!.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const last = three.growth.slab_cache.find((p: { name: string }) => p.name === 'filp').pages.at(-1);
    expect(shown.map((s) => s.by)).toEqual(['type', 'type']);
    for (const { owners } of shown) {
      expect(Math.abs(owners.filp.pages - last)).toBeLessThan(0.1 * last);
    }
    expect(typeof shown[1].owners.filp.rate).toBe('number');

    // the flow is that of the pages' own rows
    const rows = structpage(
      'diff',
      dumps[0]!,
      dumps[1]!,
      '--rows',
      '--format',
      'csv',
      '--where',
      'owner_after == filp && owner_before != filp',
    );
    const count = rows.out.trim().split('\n').length - 1;
    const { pages, lost } = found.suspects[0];
    expect(count).toBe(pages[1] - pages[0] + lost);
  });
});
