import { closeSync, readSync } from 'node:fs';
import { machineOf } from '../core/elf-machines.ts';
import { UnsupportedError } from '../core/errors.ts';
import { type Range, unite } from '../core/ranges.ts';
import type { OpenImage, PhysicalMemory, PhysicalRun } from './image-format.ts';
import { runAt } from './pieces.ts';
import { QmpClient, QmpRefusal } from './qmp-client.ts';
import { openNameless } from './spool.ts';

/** Bytes that are asked for at once: by reads in order, and by those here and there. */
const LARGE = 8 * 1024 * 1024;
const SMALL = 64 * 1024;
const MOST_SMALL = 256;
/** What no physical address of any machine reaches. */
const MOST_MEMORY = 2 ** 52;

/** How to read a guest by QMP. */
export interface QmpOptions {
  /** Stop the guest's processors meanwhile, so that nothing changes; they go on when the image is closed. */
  readonly stop?: boolean;
}

/**
 * The memory of a running QEMU guest, by its QMP socket: `pmemsave` writes a piece of it into a temporary file of ours that has
 * no name, from where it is read; so nothing is left behind however this ends. Only what `info mtree` calls RAM of the machine is ever asked for, so that no device is touched. The guest goes on
 * running unless `stop` is set. `connect` is for tests. Throws UnsupportedError that says what is wrong.
 */
export function openQmp(
  path: string,
  options: QmpOptions = {},
  connect?: ConstructorParameters<typeof QmpClient>[1],
): OpenImage {
  const client = new QmpClient(path, connect);
  let resume = false;
  const goOn = (): void => {
    if (!resume) return;
    resume = false;
    try {
      client.execute('cont');
    } catch (error) {
      client.close();
      throw new UnsupportedError(
        `${path}: the guest is still stopped`,
        `tell QEMU to go on by 'cont' in its monitor (${(error as Error).message})`,
      );
    }
  };
  try {
    if (options.stop && client.object('query-status').running === true) {
      client.execute('stop');
      resume = true;
    }
    const { arch } = client.object('query-target');
    const machine = typeof arch === 'string' ? machineOf(arch) : undefined;
    const memory = new QmpMemory(client);
    return {
      format: 'memory of a QEMU guest, by QMP',
      memory,
      notes: [],
      ...(machine === undefined ? {} : { machine }),
      details: [
        ['socket', path],
        ['guest', resume ? 'stopped while it is read' : options.stop ? 'not running' : 'running'],
      ],
      warnings: [],
      live: !options.stop,
      close() {
        memory.close();
        goOn();
        client.close();
      },
    };
  } catch (error) {
    goOn();
    client.close();
    throw error;
  }
}

/** A part of memory that was fetched. */
interface Window extends Range {
  readonly bytes: Uint8Array;
}

class QmpMemory implements PhysicalMemory {
  readonly runs: readonly PhysicalRun[];
  readonly #client: QmpClient;
  readonly #fd: number;
  #large: Window | undefined;
  readonly #small: Map<number, Window> = new Map();
  #next = -1;
  #open = true;

  constructor(client: QmpClient) {
    this.#client = client;
    const backends = client.list('query-memdev').flatMap(({ id }) => (typeof id === 'string' ? id : []));
    const text = client.human('info mtree -f');
    this.runs = unite(ramOf(text, backends)).map((r) => ({ ...r, state: 'present' }));
    if (this.runs.length === 0) {
      throw new UnsupportedError(
        `${client.path}: 'info mtree -f' of this QEMU lists no RAM`,
        'dump the guest with dump-guest-memory instead',
      );
    }
    this.#fd = openNameless();
  }

  readInto(address: number, target: Uint8Array): number {
    let done = 0;
    const inOrder = address === this.#next;
    while (done < target.length) {
      const at = address + done;
      const window = this.#windowAt(at, inOrder || target.length - done > SMALL);
      if (!window) break;
      const part = window.bytes.subarray(at - window.start, at - window.start + target.length - done);
      target.set(part, done);
      done += part.length;
    }
    this.#next = address + done;
    return done;
  }

  runAt(address: number): PhysicalRun {
    return runAt(this.runs, address);
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  #windowAt(address: number, large: boolean): Window | undefined {
    const held = this.#large;
    if (held && address >= held.start && address < held.end) return held;
    const index = Math.floor(address / SMALL);
    const small = this.#small.get(index);
    if (small && !large) return small;
    const run = this.runAt(address);
    if (run.state !== 'present') return undefined;
    const start = Math.max(run.start, index * SMALL);
    const end = Math.min(run.end, start + (large ? LARGE : SMALL), large ? Infinity : (index + 1) * SMALL);
    const window = { start, end, bytes: this.#fetch(start, end - start) };
    if (large) this.#large = window;
    else {
      if (this.#small.size >= MOST_SMALL) this.#small.clear();
      this.#small.set(index, window);
    }
    return window;
  }

  #fetch(address: number, length: number): Uint8Array {
    // QEMU opens the file by our descriptor of it
    const filename = `/proc/${process.pid}/fd/${this.#fd}`;
    try {
      this.#client.execute('pmemsave', { val: address, size: length, filename });
    } catch (error) {
      // what is no answer of QEMU's is a matter of the socket, and said so
      if (!(error instanceof QmpRefusal)) throw error;
      throw new UnsupportedError(error.what, 'run as the user that QEMU runs as, and in the same container');
    }
    const bytes = new Uint8Array(length);
    let done = 0;
    for (let got = -1; got !== 0 && done < length; done += got) {
      got = readSync(this.#fd, bytes, done, length - done, done);
    }
    if (done === length) return bytes;
    throw new UnsupportedError(
      `QEMU saved ${done} bytes of ${length}`,
      'see whether the disk of the temporary directory is full',
    );
  }
}

/**
 * The RAM of the machine in what `info mtree -f` prints: of the address space `memory`, regions of kind ram that are the machine's
 * own or one of the memory backends. RAM of devices (video memory) and ROM are not memory of the guest's kernel.
 */
export function ramOf(text: string, backends: readonly string[]): Range[] {
  const views = text.split(/^FlatView #\d+/m);
  const view = views.find((v) => /^ AS "memory",/m.test(v)) ?? '';
  const ranges: Range[] = [];
  for (const [, from, to, name] of view.matchAll(
    /^ +([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ram\): (\S+)/gm,
  )) {
    if (!/^(pc\.ram|ram\d*|mach-virt\.ram|.*\.ram)$/.test(name!) && !backends.includes(name!)) continue;
    if (/^vga|vram/.test(name!)) continue;
    const range = { start: Number.parseInt(from!, 16), end: Number.parseInt(to!, 16) + 1 };
    if (range.end <= MOST_MEMORY) ranges.push(range);
  }
  return ranges;
}
