import { openLibc } from './libc.ts';

/** A read-only mapping of a part of a device. Its bytes must not be used after `unmap`. */
export interface Mapping {
  readonly bytes: Uint8Array;
  unmap(): void;
}

/** mmap(2) failed; `code` is the name of the errno. */
export class MapError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`mmap: ${code}`);
    this.code = code;
  }
}

/** A view of more than 2 GiB aborts Node.js; more than 1 GiB at once is never needed. */
const MOST = 2 ** 30;
const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffffffffffffffffn;

interface Calls {
  mmap(
    address: null,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    offset: bigint,
  ): bigint | null;
  munmap(address: bigint, length: number): number;
  view(address: bigint, length: number): ArrayBuffer;
  errno(): string;
}

let calls: Calls | undefined;

function load(): Calls {
  if (calls) return calls;
  const libc = openLibc();
  calls = {
    mmap: libc.func('void *mmap(void *, size_t, int, int, int, int64_t)'),
    munmap: libc.func('int munmap(void *, size_t)'),
    view: libc.view,
    errno: libc.errno,
  };
  return calls;
}

/** Undefined if koffi works on this system, otherwise the reason why not. */
export function mappingProblem(): string | undefined {
  try {
    load();
    return undefined;
  } catch (error) {
    return `koffi, the native library that calls mmap, cannot be loaded: ${(error as Error).message.split('\n')[0]}`;
  }
}

/**
 * Maps [offset, offset + length) of a descriptor, read-only. Only for devices, and for files whose size was checked: beyond
 * the end of a file, an access is a SIGBUS that ends the process. Both numbers must be multiples of the page size, the
 * length at most 1 GiB. Throws MapError.
 */
export function mapReadOnly(fd: number, offset: number, length: number): Mapping {
  if (!(length > 0 && length <= MOST && length % 4096 === 0 && offset % 4096 === 0))
    throw new MapError('EINVAL');
  const c = load();
  const address = c.mmap(null, length, PROT_READ, MAP_SHARED, fd, BigInt(offset));
  if (address === null || address === MAP_FAILED) throw new MapError(c.errno());
  let mapped = true;
  return {
    bytes: new Uint8Array(c.view(address, length)),
    unmap() {
      if (mapped) c.munmap(address, length);
      mapped = false;
    },
  };
}
