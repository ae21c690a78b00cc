import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { openQmp, ramOf } from '../../src/sources/qmp.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What QEMU 7.2 prints for `-machine pc -m 5G` with a memory backend m0, cut to what matters. */
const MTREE = `FlatView #0
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan

FlatView #1
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-000000000009ffff (prio 0, ram): m0
  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem
  00000000000c0000-00000000000cafff (prio 0, rom): m0 @00000000000c0000
  00000000000cb000-00000000000cdfff (prio 0, ram): m0 @00000000000cb000
  00000000000e0000-00000000000effff (prio 1, rom): isa-bios
  0000000000100000-00000000bfffffff (prio 0, ram): m0 @0000000000100000
  00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram
  00000000fec00000-00000000fec00fff (prio 0, i/o): ioapic
  00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios
  0000000100000000-000000017fffffff (prio 0, ram): m0 @00000000c0000000
`;

describe("RAM in QEMU's map of memory", () => {
  test('is that of the backend: no device, no ROM', () => {
    expect(ramOf(MTREE, ['m0'])).toEqual([
      { start: 0, end: 0xa0000 },
      { start: 0xcb000, end: 0xce000 },
      { start: 0x100000, end: 0xc0000000 },
      { start: 0x100000000, end: 0x180000000 },
    ]);
  });

  test("or the machine's own, without a backend", () => {
    expect(ramOf(MTREE.replaceAll(': m0', ': pc.ram'), [])).toHaveLength(4);
    expect(ramOf(MTREE, [])).toEqual([]);
    expect(ramOf('', ['m0'])).toEqual([]);
  });
});

/** A server that says these lines to whoever connects, in a thread of its own: the client waits without an event loop. */
async function serve(lines: readonly string[]): Promise<{ path: string; close(): Promise<unknown> }> {
  const path = join(dir, `socket-${Math.random().toString(36).slice(2)}`);
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    require('node:net').createServer((s) => {
      s.on('error', () => {});
      for (const line of workerData.lines) s.write(line + '\\n');
      s.end();
    }).listen(workerData.path, () => parentPort.postMessage('ready'));`;
  const worker = new Worker(code, { eval: true, workerData: { path, lines } });
  await new Promise((resolve) => worker.once('message', resolve));
  return { path, close: () => worker.terminate() };
}

describe('a socket that is none of QMP', () => {
  test.each<[string, string[], string]>([
    ['says nothing and hangs up', [], 'it hung up'],
    ['speaks another language', ['220 mail.example ESMTP'], 'does not speak QMP'],
    ['greets otherwise', ['{"hello":1}'], 'does not speak QMP'],
    ['goes away behind the greeting', ['{"QMP":{}}'], 'it hung up'],
    [
      'refuses',
      ['{"QMP":{}}', '{"error":{"class":"GenericError","desc":"no such thing"}}'],
      'QEMU refuses qmp_capabilities: no such thing',
    ],
  ])('%s', async (_name, lines, message) => {
    const server = await serve(lines);
    expect(() => openQmp(server.path)).toThrow(message);
    await server.close();
  });

  test('is not there, is a file, has too long a path', () => {
    expect(() => openQmp(join(dir, 'none'))).toThrow('there is no such socket');
    const file = join(dir, 'file');
    writeFileSync(file, '');
    expect(() => openQmp(file)).toThrow(/nobody listens there|it is no socket/);
    expect(existsSync(file)).toBe(true);
    expect(() => openQmp(join(dir, 'x'.repeat(120)))).toThrow('its path is longer than 107 bytes');
  });
});
