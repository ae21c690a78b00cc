import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../src/core/errors.ts';
import { openQmp } from '../../src/sources/qmp.ts';
import { ramOf, regionDetails } from '../../src/sources/qmp-regions.ts';

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

/** Two nodes, a DIMM, virtio-mem, virtio-pmem and an NVDIMM beside a display, as QEMU 7.2 prints them with owners; `ram-alias` is made up. */
const BACKENDS = `FlatView #2
 AS "memory", root: system
 Root memory region: system
  0000000000000000-000000000009ffff (prio 0, ram): n0 owner:{obj path=/objects/n0}
  00000000000c0000-00000000000dffff (prio 1, rom): pc.rom parent:{obj path=/machine/unattached}
  0000000000100000-000000001fffffff (prio 0, ram): n0 @0000000000100000 owner:{obj path=/objects/n0}
  0000000020000000-000000003fffffff (prio 0, ram): /objects/n1 owner:{obj path=/objects/n1}
  00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram owner:{dev path=/machine/peripheral-anon/device[0]}
  00000000fe000000-00000000fe003fff (prio 1, ramd): 0000:01:00.0 BAR 0 mmaps[0] owner:{dev id=host0}
  00000000fec00000-00000000fec00fff (prio 0, i/o): ioapic owner:{dev path=/machine/q35/ioapic}
  0000000100000000-000000010fffffff (prio 0, ram): d1 owner:{obj path=/objects/d1}
  0000000110000000-000000014fffffff (prio 0, ram): vm owner:{obj path=/objects/vm}
  0000000150000000-0000000157ffffff (prio 0, nv-ram): pm owner:{obj path=/objects/pm}
  0000000160000000-000000016fffffff (prio 0, ram): n0 owner:{obj path=/objects/n0}
`;

describe("RAM in QEMU's map of memory", () => {
  test('is that of the backend, ROM in it told apart: no device, no other ROM', () => {
    const regions = ramOf(MTREE, ['m0']);
    expect(regions.map(({ start, end, offset, readOnly }) => [start, end, offset, readOnly])).toEqual([
      [0, 0xa0000, 0, false],
      [0xc0000, 0xcb000, 0xc0000, true],
      [0xcb000, 0xce000, 0xcb000, false],
      [0x100000, 0xc0000000, 0x100000, false],
      [0x100000000, 0x180000000, 0xc0000000, false],
    ]);
    expect(regions.some((r) => r.alias)).toBe(false);
  });

  test("or the machine's own, without a backend", () => {
    expect(ramOf(MTREE.replaceAll(': m0', ': pc.ram'), [])).toHaveLength(5);
    expect(ramOf(MTREE, [])).toEqual([]);
    expect(ramOf('', ['m0'])).toEqual([]);
  });

  test('is that of all backends, by their ids or paths, whether QEMU names the owners or not', () => {
    const names = ['n0', 'n0', '/objects/n1', 'd1', 'vm', 'pm', 'n0'];
    expect(ramOf(BACKENDS, []).map((r) => r.name)).toEqual(names);
    const without = BACKENDS.replaceAll(/ (owner|parent):.*$/gm, '');
    expect(ramOf(without, ['n0', 'n1', 'd1', 'vm', 'pm']).map((r) => r.name)).toEqual(names);
    expect(regionDetails(ramOf(BACKENDS, []))[0]).toEqual([
      'memory n0',
      '0x0-0x9ffff, 0x100000-0x1fffffff, 0x160000000-0x16fffffff (alias)',
    ]);
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

/** A server that runs `code` for whoever connects, with the socket as `s` and `answer(command, value)`. */
async function behave(code: string): Promise<{ path: string; close(): Promise<unknown> }> {
  const path = join(dir, `socket-${Math.random().toString(36).slice(2)}`);
  const whole = `
    const { parentPort, workerData } = require('node:worker_threads');
    require('node:net').createServer((s) => {
      s.on('error', () => {});
      const say = (value) => s.write(JSON.stringify(value) + '\\n');
      const answers = { qmp_capabilities: {}, 'query-status': { running: true }, 'query-target': { arch: 'x86_64' }, 'query-memdev': [] };
      const serve = (own) => {
        say({ QMP: {} });
        let text = '';
        s.on('data', (bytes) => {
          text += bytes;
          for (let end = text.indexOf('\\n'); end >= 0; end = text.indexOf('\\n')) {
            const { execute } = JSON.parse(text.slice(0, end));
            text = text.slice(end + 1);
            const raw = own[execute];
            if (raw !== undefined && raw.error !== undefined) say(raw);
            else say({ return: raw !== undefined ? raw.return : answers[execute] ?? {} });
          }
        });
      };
      ${code}
    }).listen(workerData.path, () => parentPort.postMessage('ready'));`;
  const worker = new Worker(whole, { eval: true, workerData: { path } });
  await new Promise((resolve) => worker.once('message', resolve));
  return { path, close: () => worker.terminate() };
}

/** The error of opening, how long it took in seconds, and how much memory it added in MiB. */
function refusal(path: string): { error: unknown; seconds: number; mib: number } {
  const begun = performance.now();
  const before = process.memoryUsage().rss;
  let error: unknown;
  try {
    openQmp(path).close();
  } catch (thrown) {
    error = thrown;
  }
  return {
    error,
    seconds: (performance.now() - begun) / 1000,
    mib: (process.memoryUsage().rss - before) / 2 ** 20,
  };
}

describe('a server that means no good is refused in a sentence, soon, and with little memory', () => {
  test.each<[string, string, RegExp]>([
    ['it says nothing', '', /it said nothing for 3 seconds/],
    [
      'a byte now and then, and no line',
      "setInterval(() => s.write('A'), 100);",
      /did not end its answer within 3 seconds/,
    ],
    [
      'no end of a line',
      "const more = () => { while (s.write('A'.repeat(65536))); s.once('drain', more); }; more();",
      /more than 4194304 bytes/,
    ],
    ['much JSON', `s.write('{"QMP":{"a":"' + 'x'.repeat(3e7) + '"}}\\n');`, /more than 4194304 bytes/],
    ['nesting without end', "s.write('['.repeat(4e6) + '\\n');", /does not speak QMP/],
    [
      'no end of events',
      'say({ QMP: {} }); const more = () => { while (s.write(\'{"event":"X"}\\n\'.repeat(999))); s.once(\'drain\', more); }; more();',
      /did not end its answer|said nothing for/,
    ],
    ['a list as greeting', "s.write('[]\\n');", /does not speak QMP/],
    [
      'null as error',
      'serve({ qmp_capabilities: { error: null } });',
      /does not speak QMP|refuses qmp_capabilities/,
    ],
    [
      'a number as the words of an error',
      "serve({ 'query-target': { error: { desc: 5 } } });",
      /QEMU refuses query-target: without a reason/,
    ],
    [
      'null for an object',
      "serve({ 'query-target': { return: null } });",
      /answer to query-target is not an object/,
    ],
    [
      'a list for an object',
      "serve({ 'query-target': { return: [] } });",
      /answer to query-target is not an object/,
    ],
    [
      'null for a list',
      "serve({ 'query-memdev': { return: null } });",
      /answer to query-memdev is not a list/,
    ],
    [
      'null in a list',
      "serve({ 'query-memdev': { return: [null, 5] } });",
      /answer to query-memdev is not a list/,
    ],
    ['a number for text', "serve({ 'human-monitor-command': { return: 5 } });", /is not text/],
    [
      'a name that objects have',
      "serve({ 'query-target': { return: { arch: '__proto__' } }, 'human-monitor-command': { return: '' } });",
      /lists no RAM/,
    ],
  ])(
    '%s',
    async (_, code, message) => {
      const server = await behave(code);
      const { error, seconds, mib } = refusal(server.path);
      await server.close();
      expect(error).toBeInstanceOf(UnsupportedError);
      expect((error as Error).message).toMatch(message);
      expect(seconds).toBeLessThan(15);
      expect(mib).toBeLessThan(200);
    },
    30_000,
  );

  test('a refusal of pmemsave names its remedy', async () => {
    const mtree = JSON.stringify(MTREE.replaceAll(': m0', ': pc.ram'));
    const server = await behave(
      `serve({ 'human-monitor-command': { return: ${mtree} }, pmemsave: { error: { desc: 'Permission denied' } } });`,
    );
    const image = openQmp(server.path);
    expect(() => image.memory.readInto(0, new Uint8Array(8))).toThrow(
      /QEMU refuses pmemsave: Permission denied: run as the user that QEMU runs as/,
    );
    image.close();
    await server.close();
  });
});

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
    expect(() => openQmp(join(dir, 'none'))).toThrow('no such socket');
    const file = join(dir, 'file');
    writeFileSync(file, '');
    expect(() => openQmp(file)).toThrow(/nobody listens there|not a socket/);
    expect(existsSync(file)).toBe(true);
    expect(() => openQmp(join(dir, 'x'.repeat(120)))).toThrow('its path is longer than 107 bytes');
  });
});
