import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvOf, type Rows } from './csv.ts';
import { kernels, missing, runGuest } from './guest.ts';
import { Monitor } from './monitor.ts';

const release = missing() === undefined ? (kernels(['6.12']).at(-1) ?? kernels().at(-1)) : undefined;

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** The guest's RAM: what lies below the hole for PCI, and what above. */
const LOW = 512 * MIB;
const HIGH = 128 * MIB;
const PAGES = (LOW + HIGH) / 4096;

let folder: string;

function csv(dump: string[], ...options: string[]): Rows {
  const rows = csvOf(folder, dump, ...options);
  expect(rows).toMatchObject({ code: 0, err: '' });
  return rows;
}

describe.skipIf(release === undefined)('one stop of a guest', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'structpage-forms-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('gives the same CSV in every form that QEMU writes its memory in', async () => {
    const socket = join(folder, 'qmp');
    const memory = join(folder, 'guest.mem');
    const seen: Record<string, Rows> = {};
    const { results } = await runGuest(release!, {
      scenario: 'still',
      memory: `${(LOW + HIGH) / MIB}M`,
      qemu: [
        ...['-object', `memory-backend-file,id=m0,size=${LOW + HIGH},mem-path=${memory},share=on`],
        ...['-machine', `memory-backend=m0,max-ram-below-4g=${LOW}`],
        // a socket serves one client at a time
        ...['-qmp', `unix:${socket},server=on,wait=off`],
        ...['-qmp', `unix:${socket}-ours,server=on,wait=off`],
      ],
      async onResult(name) {
        if (name !== 'workload') return;
        const monitor = new Monitor(socket);
        for (const form of monitor.forms()) {
          const path = join(folder, `vmcore.${form}`);
          await monitor.dump(path, form);
          seen[form] = csv([path]);
          rmSync(path);
        }
        const pieces = (
          [
            [0, 0xa0000],
            [MIB, LOW],
            [4 * GIB, 4 * GIB + HIGH],
          ] as const
        ).map(([start, end]) => {
          const path = join(folder, `vmcore.${start.toString(16)}`);
          monitor.save(path, start, end);
          return path;
        });
        seen.pieces = csv(pieces);
        seen['pieces, the other way round'] = csv(pieces.reverse());
        seen['memory file'] = csv([memory], '--low-memory', `${LOW / MIB}M`);
        seen.QMP = csv([], '--qmp', `${socket}-ours`);
        monitor.quit();
      },
    });
    expect(Object.keys(results.workload).length).toBeGreaterThan(10);
    const { elf, ...others } = seen;
    expect(Object.keys(others)).toContain('kdump-zlib');
    expect(elf!.readable).toBe(PAGES);
    for (const [form, rows] of Object.entries(others)) expect(rows, form).toEqual(elf);
  });
});
