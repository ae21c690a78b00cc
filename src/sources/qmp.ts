import { closeSync, readSync } from 'node:fs';
import { machineOf } from '../core/elf-machines.ts';
import { UnsupportedError } from '../core/errors.ts';
import { type Range, unite } from '../core/ranges.ts';
import type { OpenImage, PhysicalMemory, PhysicalRun } from './image-format.ts';
import { runAt } from './pieces.ts';
import { QmpClient, QmpRefusal } from './qmp-client.ts';
import { type RamRegion, ramOf, regionDetails } from './qmp-regions.ts';
import { openNameless } from './spool.ts';

/** Bytes that are asked for at once: by reads in order, and by those here and there. */
const LARGE = 8 * 1024 * 1024;
const SMALL = 64 * 1024;
const MOST_SMALL = 256;

/** How to read a guest by QMP. */
export interface QmpOptions {
  /** Stop the guest's processors meanwhile, so that nothing changes; they go on when the image is closed. */
  readonly stop?: boolean;
}

/**
 * The memory of a running QEMU guest, by its QMP socket: `pmemsave` writes a piece of it into a temporary file of ours that has
 * no name, from where it is read; so nothing is left behind however this ends. Only what `info mtree` calls RAM of the machine is ever
 * asked for, so that no device is touched. The guest goes on running unless `stop` is set. `connect` is for tests. Throws
 * UnsupportedError that says what is wrong.
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
    const live = !options.stop;
    const memory = new QmpMemory(client, live);
    return {
      format: 'memory of a QEMU guest, by QMP',
      memory,
      notes: [],
      ...(machine === undefined ? {} : { machine }),
      details: [
        ['socket', path],
        ['guest', resume ? 'stopped while it is read' : options.stop ? 'not running' : 'running'],
        ...regionDetails(memory.regions),
      ],
      warnings: [],
      live,
      renew: () => memory.renew(),
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
  regions: readonly RamRegion[] = [];
  runs: readonly PhysicalRun[] = [];
  readonly #client: QmpClient;
  readonly #live: boolean;
  readonly #fd: number;
  /** What QEMU said of memory that can be plugged when the regions were read. */
  #plugged = '';
  #large: Window | undefined;
  readonly #small: Map<number, Window> = new Map();
  #next = -1;
  #open = true;

  constructor(client: QmpClient, live: boolean) {
    this.#client = client;
    this.#live = live;
    this.#plugged = this.#pluggable();
    this.#readRegions();
    if (this.runs.length === 0) {
      throw new UnsupportedError(
        `${client.path}: 'info mtree -f' of this QEMU lists no RAM`,
        'dump the guest with dump-guest-memory instead',
      );
    }
    this.#fd = openNameless();
  }

  /** Forgets what was fetched, and asks for the regions again if memory was plugged or unplugged. */
  renew(): void {
    this.#large = undefined;
    this.#small.clear();
    const plugged = this.#pluggable();
    if (plugged === this.#plugged) return;
    this.#plugged = plugged;
    this.#readRegions();
  }

  #readRegions(): void {
    const client = this.#client;
    const backends = client.list('query-memdev').flatMap(({ id }) => (typeof id === 'string' ? id : []));
    // who owns a region is told by QEMU 3.0 and later
    const regions = ramOf(client.human('info mtree -f -o'), backends);
    this.regions = regions.length > 0 ? regions : ramOf(client.human('info mtree -f'), backends);
    this.runs = unite(this.regions).map((r) => ({ ...r, state: 'present' }));
  }

  /** What QEMU says of DIMMs and virtio-mem; empty for machines that cannot have any. */
  #pluggable(): string {
    if (!this.#live) return '';
    try {
      return JSON.stringify(this.#client.execute('query-memory-devices'));
    } catch (error) {
      if (error instanceof QmpRefusal) return '';
      throw error;
    }
  }

  readInto(address: number, target: Uint8Array): number {
    let done = 0;
    const inOrder = address === this.#next;
    while (done < target.length) {
      const at = address + done;
      const window = this.#windowAt(at, target.length - done, inOrder);
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

  #windowAt(address: number, wanted: number, inOrder: boolean): Window | undefined {
    const large = wanted > SMALL || (inOrder && !this.#live);
    const held = this.#large;
    if (held && address >= held.start && address < held.end) return held;
    const index = Math.floor(address / SMALL);
    const small = this.#small.get(index);
    if (small && !large) return small;
    const run = this.runAt(address);
    if (run.state !== 'present') return undefined;
    const start = Math.max(run.start, index * SMALL);
    // what is fetched ahead of a running guest would be old when it is read
    const ahead = this.#live ? Math.min(LARGE, address + wanted - start) : LARGE;
    const end = Math.min(run.end, large ? start + ahead : (index + 1) * SMALL);
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
