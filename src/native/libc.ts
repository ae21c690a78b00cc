import { createRequire } from 'node:module';

/** Functions of the C library in this process, and the error of the last call. */
export interface Libc {
  // biome-ignore lint/suspicious/noExplicitAny: what a function takes is in its prototype
  func(prototype: string): (...values: any[]) => any;
  /** A view of the memory at an address. */
  view(address: bigint, length: number): ArrayBuffer;
  /** The name of errno. */
  errno(): string;
}

let libc: Libc | undefined;

/** koffi is loaded on demand: dumps can be read without it, also on systems that it does not support. */
export function openLibc(): Libc {
  if (libc) return libc;
  const koffi = createRequire(import.meta.url)('koffi');
  const library = koffi.load(null);
  const names = new Map<number, string>(
    Object.entries(koffi.os.errno as Record<string, number>)
      // another name of EAGAIN
      .filter(([name]) => name !== 'EWOULDBLOCK')
      .map(([name, number]) => [number, name]),
  );
  libc = {
    func: (prototype) => library.func(prototype),
    view: (address, length) => koffi.view(address, length),
    errno: () => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`,
  };
  return libc;
}
