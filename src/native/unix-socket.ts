import { closeSync, readSync, writeSync } from 'node:fs';
import { milliseconds } from '../core/clock.ts';
import { openLibc } from './libc.ts';

/** A connected stream socket with blocking reads and writes. */
export interface UnixSocket {
  /** Sends all bytes. Throws the error of write(2). */
  write(text: string): void;
  /**
   * The next line, without its end. Throws SocketError if the other side has hung up (`EOF`), if the line is incomplete at
   * `deadline` (in terms of `milliseconds()`; `EAGAIN` if nothing came, otherwise `SLOW`), or if it is longer than `most`
   * bytes (`LONG`).
   */
  readLine(deadline: number, most: number): string;
  close(): void;
}

/** A socket call failed; the code is an errno or one of the words above. */
export class SocketError extends Error {
  readonly code: string;

  constructor(call: string, code: string) {
    super(`${call}: ${code}`);
    this.code = code;
  }
}

// include/uapi/asm-generic/socket.h and linux/un.h, equal on x86-64 and arm64
const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const MAX_PATH = 108;
/** Time limit of one read, after which the clock is checked. */
const TURN = { seconds: 0, microseconds: 250_000 };

interface Calls {
  socket(domain: number, type: number, protocol: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  errno(): string;
}

let calls: Calls | undefined;

function load(): Calls {
  if (calls) return calls;
  const libc = openLibc();
  calls = {
    socket: libc.func('int socket(int, int, int)'),
    connect: libc.func('int connect(int, const uint8_t *, uint32_t)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
    errno: libc.errno,
  };
  return calls;
}

/** Connects to a socket in the file system, and gives up after `seconds`. Throws SocketError. */
export function connectUnix(path: string, seconds: number): UnixSocket {
  const name = new TextEncoder().encode(path);
  if (name.length >= MAX_PATH) throw new SocketError('connect', 'ENAMETOOLONG');
  const c = load();
  const fd = c.socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
  if (fd < 0) throw new SocketError('socket', c.errno());
  const address = new Uint8Array(2 + MAX_PATH);
  address[0] = AF_UNIX;
  address.set(name, 2);
  c.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, timeval(seconds, 0), 16);
  c.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeval(TURN.seconds, TURN.microseconds), 16);
  if (c.connect(fd, address, address.length) !== 0) {
    const code = c.errno();
    closeSync(fd);
    throw new SocketError('connect', code);
  }
  return new FdSocket(fd);
}

/** struct timeval of 64-bit Linux. */
function timeval(seconds: number, microseconds: number): Uint8Array {
  const words = BigInt64Array.of(BigInt(seconds), BigInt(microseconds));
  return new Uint8Array(words.buffer);
}

class FdSocket implements UnixSocket {
  readonly #fd: number;
  #pending: Buffer = Buffer.alloc(0);
  #open = true;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) {
      done += call('write', () => writeSync(this.#fd, bytes, done));
    }
  }

  readLine(deadline: number, most: number): string {
    const parts = [this.#pending];
    let length = 0;
    for (;;) {
      const last = parts.at(-1)!;
      const end = last.indexOf(10);
      length += end < 0 ? last.length : end;
      if (length > most) throw new SocketError('read', 'LONG');
      if (end >= 0) {
        this.#pending = last.subarray(end + 1);
        parts[parts.length - 1] = last.subarray(0, end);
        return Buffer.concat(parts).toString('utf8').trimEnd();
      }
      parts.push(this.#read(deadline, length > 0));
    }
  }

  /** Reads at least a byte. */
  #read(deadline: number, begun: boolean): Buffer {
    const chunk = Buffer.alloc(65536);
    while (milliseconds() < deadline) {
      try {
        const got = call('read', () => readSync(this.#fd, chunk));
        if (got === 0) throw new SocketError('read', 'EOF');
        return chunk.subarray(0, got);
      } catch (error) {
        if ((error as SocketError).code !== 'EAGAIN') throw error;
      }
    }
    throw new SocketError('read', begun ? 'SLOW' : 'EAGAIN');
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}

function call(name: string, run: () => number): number {
  try {
    return run();
  } catch (error) {
    throw new SocketError(name, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}
