import { createRequire } from 'node:module';

/** Functions of the C library that this process has loaded, and what went wrong in the last one that was called. */
export interface Libc {
  // biome-ignore lint/suspicious/noExplicitAny: what a function takes is in its prototype
  func(prototype: string): (...values: any[]) => any;
  /** The memory at an address, as it is. */
  view(address: bigint, length: number): ArrayBuffer;
  /** The name of errno. */
  errno(): string;
}

let libc: Libc | undefined;

/** koffi is loaded when it is first needed: dumps are read without it, on systems that it does not support, too. */
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
