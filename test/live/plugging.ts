import { QmpClient, QmpRefusal } from '../../src/sources/qmp-client.ts';

const MIB = 2 ** 20;

/** How often what was done to a guest's memory. */
export type Plugged = Record<'resized' | 'plugged' | 'unplugged' | 'refused', number>;

/** Changes a guest's memory at random while it runs: the size of the virtio-mem device `vm0`, DIMMs of 128 MiB. */
export class Plugging {
  readonly done: Plugged = { resized: 0, plugged: 0, unplugged: 0, refused: 0 };
  readonly #client: QmpClient;
  readonly #largest: number;
  readonly #dimms: Set<number> = new Set();
  #next = 0;
  #on = true;

  /** `largest` is the size of the virtio-mem device in MiB. */
  constructor(socket: string, largest: number) {
    this.#client = new QmpClient(socket);
    this.#largest = largest;
  }

  /** Goes on until `stop`. */
  async run(): Promise<void> {
    while (this.#on) {
      this.#resize();
      if (Math.random() < 0.5) this.#changeDimms();
      await new Promise((resolve) => setTimeout(resolve, 1000 + Math.random() * 3000));
    }
  }

  stop(): void {
    this.#on = false;
  }

  close(): void {
    this.stop();
    this.#client.close();
  }

  #resize(): void {
    const value = 2 * Math.floor(Math.random() * (this.#largest / 2 + 1)) * MIB;
    this.#do('resized', 'qom-set', { path: '/machine/peripheral/vm0', property: 'requested-size', value });
  }

  #changeDimms(): void {
    for (const id of this.#dimms) {
      // gone once the guest has let go of it
      if (this.#isThere(id)) continue;
      this.#dimms.delete(id);
      this.#do('unplugged', 'object-del', { id: `mem${id}` });
    }
    if (this.#dimms.size < 3 && Math.random() < 0.6) {
      const id = this.#next++;
      this.#client.execute('object-add', {
        'qom-type': 'memory-backend-ram',
        id: `mem${id}`,
        size: 128 * MIB,
      });
      this.#do('plugged', 'device_add', { driver: 'pc-dimm', id: `dimm${id}`, memdev: `mem${id}` });
      this.#dimms.add(id);
    } else {
      for (const id of this.#dimms) this.#do(undefined, 'device_del', { id: `dimm${id}` });
    }
  }

  #isThere(id: number): boolean {
    const devices = this.#client.execute('query-memory-devices') as { data: { id?: string } }[];
    return devices.some((device) => device.data.id === `dimm${id}`);
  }

  #do(what: keyof Plugged | undefined, command: string, args: Record<string, unknown>): void {
    try {
      this.#client.execute(command, args);
      if (what) this.done[what]++;
    } catch (error) {
      if (!(error instanceof QmpRefusal)) throw error;
      this.done.refused++;
    }
  }
}
