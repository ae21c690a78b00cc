import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';
import { csvOf, type Rows } from './csv.ts';
import { hasVirtioMem, kernels, missing, runGuest } from './guest.ts';
import { Monitor } from './monitor.ts';

const releases = missing() === undefined ? kernels(['6.12', '7.2']).filter(hasVirtioMem) : [];

/** Memory backends of the guest, each a file, and their MiB. */
const BACKENDS = { node0: 384, node1: 384, dimm: 128, vmem: 512 };
/** MiB of the virtio-mem device that are plugged in. */
const PLUGGED = 256;

let folder: string;
const fileOf = (name: string): string => join(folder, `${name}.mem`);

describe.skipIf(releases.length === 0)('a guest with several memory backends', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'structpage-backends-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.for(releases)('%s: is the same by QMP, by its memory files, and as a dump', async (release) => {
    const socket = join(folder, `qmp-${release}`);
    const seen: Record<string, Rows> = {};
    let info = '';
    const { console: text } = await runGuest(release, {
      scenario: 'still',
      memory: `${BACKENDS.node0 + BACKENDS.node1}M,slots=4,maxmem=8G`,
      modules: ['virtio_mem'],
      qemu: [
        ...Object.entries(BACKENDS).flatMap(([name, size]) => [
          '-object',
          `memory-backend-file,id=${name},size=${size}M,mem-path=${fileOf(name)},share=on`,
        ]),
        ...['-numa', 'node,memdev=node0', '-numa', 'node,memdev=node1'],
        ...['-device', 'pc-dimm,id=dimm0,memdev=dimm'],
        ...['-device', `virtio-mem-pci,id=vm0,memdev=vmem,node=1,requested-size=${PLUGGED}M`],
        // a socket serves one client at a time
        ...['-qmp', `unix:${socket},server=on,wait=off`],
        ...['-qmp', `unix:${socket}-ours,server=on,wait=off`],
      ],
      async onResult(name) {
        if (name !== 'workload') return;
        const monitor = new Monitor(socket);
        const path = join(folder, 'vmcore');
        await monitor.dump(path, 'elf');
        seen.dump = csvOf(folder, [path]);
        rmSync(path);
        info = structpage('info', '--qmp', `${socket}-ours`).out;
        seen['QMP, as of a running guest'] = csvOf(folder, [], '--qmp', `${socket}-ours`);
        seen['QMP, stopped'] = csvOf(folder, [], '--qmp', `${socket}-ours`, '--qmp-stop');
        const at = monitor
          .plugged()
          .map(({ memdev, address }) => `${fileOf(memdev)}=0x${address.toString(16)}`);
        const files = Object.keys(BACKENDS).map(fileOf);
        seen['memory files'] = csvOf(folder, files, '--at', at.join());
        seen['memory files, the other way round'] = csvOf(folder, files.reverse(), '--at', at.join());
        monitor.quit();
      },
    });
    const { dump, ...others } = seen;
    expect(dump, text.slice(-2000)).toMatchObject({ code: 0, err: '' });
    // all of the nodes and the DIMM, and of virtio-mem the memory blocks that are plugged in
    expect(dump!.readable).toBe(
      ((BACKENDS.node0 + BACKENDS.node1 + BACKENDS.dimm + PLUGGED) * 2 ** 20) / 4096,
    );
    for (const [form, rows] of Object.entries(others)) expect(rows, form).toEqual(dump);
    for (const name of Object.keys(BACKENDS)) expect(info).toMatch(new RegExp(`memory ${name} +0x`));
  });
});
