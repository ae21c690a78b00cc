import { UnsupportedError } from '../core/errors.ts';
import { connectUnix, SocketError, type UnixSocket } from '../native/unix-socket.ts';

/** Longer than any command that is sent takes. */
const SECONDS = 20;
/** Lines of something that is no QMP server. */
const MOST_LINES = 10_000;

const REFUSALS: Record<string, readonly [why: string, remedy: string]> = {
  ENOENT: ['there is no such socket', 'start QEMU with -qmp unix:PATH,server=on,wait=off, and name PATH'],
  ECONNREFUSED: ['nobody listens there', 'see whether QEMU is still running'],
  EACCES: ['no permission', 'run as the user that QEMU runs as, or as root'],
  ENOTSOCK: ['it is no socket', 'name the socket of -qmp unix:PATH'],
  EAGAIN: [
    `it said nothing for ${SECONDS} seconds`,
    'a QMP socket serves one client at a time: disconnect the other one (libvirt?)',
  ],
  ECONNRESET: ['it hung up', 'see whether QEMU is still running'],
  EPIPE: ['it hung up', 'see whether QEMU is still running'],
  EOF: ['it hung up', 'see whether QEMU is still running, and whether another client has the socket'],
  ENAMETOOLONG: ['its path is longer than 107 bytes', 'name it by a shorter path'],
};

/** QEMU has heard a command and will not do it. */
export class QmpRefusal extends UnsupportedError {}

/** A connection to QEMU's monitor (docs/interop/qmp-spec.rst of QEMU). Each call waits for its answer. */
export class QmpClient {
  readonly path: string;
  readonly #socket: UnixSocket;

  /** Throws UnsupportedError that says what is wrong with the socket. */
  constructor(path: string) {
    this.path = path;
    this.#socket = this.#told(() => connectUnix(path, SECONDS));
    try {
      const greeting = this.#receive();
      if (greeting === undefined || !('QMP' in greeting)) throw this.#noServer();
      this.execute('qmp_capabilities');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The result of a command. Throws UnsupportedError with QEMU's own words when it refuses. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): unknown {
    const request = { execute: command, ...(args ? { arguments: args } : {}) };
    this.#told(() => this.#socket.write(`${JSON.stringify(request)}\n`));
    // events may come in between
    for (let i = 0; i < MOST_LINES; i++) {
      const answer = this.#receive();
      if (!answer) throw this.#noServer();
      if ('return' in answer) return answer.return;
      if ('error' in answer) {
        const { desc } = answer.error as { desc?: string };
        throw new UnsupportedError(
          `QEMU refuses ${command}: ${desc ?? 'without a reason'}`,
          'see what QEMU says',
        );
      }
    }
    throw this.#noServer();
  }

  /** What a command of the human monitor prints. */
  human(line: string): string {
    return String(this.execute('human-monitor-command', { 'command-line': line }));
  }

  close(): void {
    this.#socket?.close();
  }

  #receive(): Record<string, unknown> | undefined {
    const line = this.#told(() => this.#socket.readLine());
    try {
      const answer: unknown = JSON.parse(line);
      return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : undefined;
    } catch {
      return undefined;
    }
  }

  #told<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      const [why, remedy] = REFUSALS[error.code] ?? [error.message, 'see whether QEMU is still running'];
      throw new UnsupportedError(`${this.path}: ${why}`, remedy);
    }
  }

  #noServer(): UnsupportedError {
    return new UnsupportedError(
      `${this.path}: what answers there does not speak QMP`,
      'name the socket of -qmp unix:PATH (that of -monitor is for people)',
    );
  }
}
