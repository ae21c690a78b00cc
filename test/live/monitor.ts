import { QmpClient } from '../../src/sources/qmp-client.ts';

/** QEMU's monitor, as far as it writes a guest's memory to files. The guest stands still from the first call on. */
export class Monitor {
  readonly #client: QmpClient;

  constructor(socket: string) {
    this.#client = new QmpClient(socket);
    this.#client.execute('stop');
  }

  /** The forms that this QEMU can write, other than those for Windows: elf, kdump-zlib, ... */
  forms(): string[] {
    const { formats } = this.#client.execute('query-dump-guest-memory-capability') as { formats: string[] };
    return formats.filter((name) => /^(elf|kdump-.*)$/.test(name));
  }

  /** Writes all of the memory to a file. */
  async dump(path: string, format: string): Promise<void> {
    this.#client.execute('dump-guest-memory', {
      paging: false,
      protocol: `file:${path}`,
      format,
      detach: true,
    });
    for (;;) {
      const { status } = this.#client.execute('query-dump') as { status: string };
      if (status === 'completed') return;
      if (status === 'failed') throw new Error(`QEMU could not write ${path}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Writes one stretch of the memory to a file, as it is. */
  save(path: string, start: number, end: number): void {
    this.#client.execute('pmemsave', { val: start, size: end - start, filename: path });
  }

  /** Lets the guest go on. */
  resume(): void {
    this.#client.execute('cont');
    this.#client.close();
  }

  /** The names of the backends of DIMMs and virtio-mem, and where their memory begins. */
  plugged(): { readonly memdev: string; readonly address: number }[] {
    const devices = this.#client.execute('query-memory-devices') as {
      data: { memdev: string; addr?: number; memaddr?: number };
    }[];
    return devices.map(({ data }) => ({
      memdev: data.memdev.replace('/objects/', ''),
      address: (data.addr ?? data.memaddr)!,
    }));
  }

  /** Ends the guest. */
  quit(): void {
    this.#client.execute('quit');
    this.#client.close();
  }
}
