import { writeFileSync } from 'node:fs';
import { SocketError, type UnixSocket } from '../../src/native/unix-socket.ts';
import { openQmp } from '../../src/sources/qmp.ts';
import { mutateText } from './mutate.ts';
import type { Target } from './target.ts';

const MTREE = `FlatView #0
 AS "memory", root: system
 Root memory region: system
  0000000000000000-000000000009ffff (prio 0, ram): pc.ram
  00000000000c0000-00000000000cafff (prio 0, rom): pc.ram @00000000000c0000
  0000000000100000-00000000007fffff (prio 0, ram): pc.ram @0000000000100000
`;

/** What a QEMU says, a line for each thing that it is asked, the map of memory among them. */
const ANSWERS = [
  { QMP: { version: { qemu: { major: 7 } }, capabilities: [] } },
  { return: {} },
  { return: { running: true, status: 'running' } },
  { return: {} },
  { return: { arch: 'x86_64' } },
  { return: [{ id: 'm0', size: 4096, dump: true }] },
  { return: MTREE },
  { return: {} },
  { return: {} },
]
  .map((answer) => JSON.stringify(answer))
  .join('\n');

class Script implements UnixSocket {
  readonly #lines: string[];

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  write(text: string): void {
    const { execute, arguments: given } = JSON.parse(text) as {
      execute: string;
      arguments?: { filename: string; size: number };
    };
    if (execute === 'pmemsave' && given)
      writeFileSync(given.filename, new Uint8Array(Math.min(given.size, 1 << 16)));
  }

  readLine(): string {
    const line = this.#lines.shift();
    if (line === undefined) throw new SocketError('read', 'EOF');
    return line;
  }

  close(): void {}
}

/** Answers of QEMU's monitor. */
export const monitor: Target<string> = {
  name: 'QMP answers',
  weight: 6,
  seeds: [ANSWERS],
  mutate: (random, text) =>
    mutateText(random, text, [
      'null',
      '[]',
      '{}',
      '"',
      '{"event":"X"}\n',
      '{"error":{"desc":"no"}}\n',
      '{"return":',
      '-',
      'ffffffffffffffff',
    ]),
  run(text) {
    const image = openQmp('input', { stop: true }, () => new Script(text));
    try {
      const got = image.memory.readInto(0x100000, new Uint8Array(64));
      const ranges = image.memory.runs.reduce((n) => n + 1, 0);
      return `${ranges} ${got} ${image.machine}`;
    } finally {
      image.close();
    }
  },
};
