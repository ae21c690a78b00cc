import { milliseconds } from '../core/clock.ts';
import { UnsupportedError } from '../core/errors.ts';
import { connectUnix, SocketError, type UnixSocket } from '../native/unix-socket.ts';

/** Time limits for the greeting, and for the whole answer to a command: a healthy QEMU answers both at once. */
const GREETING_SECONDS = 3;
const ANSWER_SECONDS = 10;
/** Maximum size of an answer: the memory map of a large guest has some 100 KiB. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Maximum depth of an answer: real ones have some five levels. */
const MOST_LEVELS = 64;

const BUSY = 'a QMP socket serves one client at a time: disconnect the other one (libvirt?)';
const STILL_RUNNING = 'see whether QEMU is still running';

const REFUSALS: Record<string, readonly [why: string, remedy: string]> = {
  ENOENT: ['no such socket', 'start QEMU with -qmp unix:PATH,server=on,wait=off, and name PATH'],
  ECONNREFUSED: ['nobody listens there', STILL_RUNNING],
  EACCES: ['no permission', 'run as the user that QEMU runs as, or as root'],
  ENOTSOCK: ['not a socket', 'name the socket of -qmp unix:PATH'],
  ECONNRESET: ['it hung up', STILL_RUNNING],
  EPIPE: ['it hung up', STILL_RUNNING],
  EOF: ['it hung up', 'see whether QEMU is still running, and whether another client has the socket'],
  ENAMETOOLONG: ['its path is longer than 107 bytes', 'name it by a shorter path'],
  LONG: [`it gave an answer of more than ${MOST_BYTES} bytes`, 'name the socket of -qmp unix:PATH'],
};

/** QEMU has refused a command. */
export class QmpRefusal extends UnsupportedError {}

/** A JSON object. */
type Answer = Readonly<Record<string, unknown>>;

/**
 * A connection to QEMU's monitor (docs/interop/qmp-spec.rst of QEMU). Each call waits for its answer for a limited time.
 */
export class QmpClient {
  readonly path: string;
  readonly #socket: UnixSocket;

  /** `connect` opens the socket. Throws an UnsupportedError that says what is wrong with it. */
  constructor(path: string, connect: typeof connectUnix = connectUnix) {
    this.path = path;
    this.#socket = this.#told(GREETING_SECONDS, () => connect(path, GREETING_SECONDS));
    try {
      const greeting = this.#receive(GREETING_SECONDS, milliseconds() + GREETING_SECONDS * 1000);
      if (!('QMP' in greeting)) throw this.#noServer();
      this.execute('qmp_capabilities');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * The result of a command. Throws QmpRefusal with QEMU's own words if it refuses, and UnsupportedError if it does not
   * answer.
   */
  execute(command: string, args?: Answer): unknown {
    const request = { execute: command, ...(args ? { arguments: args } : {}) };
    const deadline = milliseconds() + ANSWER_SECONDS * 1000;
    this.#told(ANSWER_SECONDS, () => this.#socket.write(`${JSON.stringify(request)}\n`));
    // events may arrive in between
    for (;;) {
      const answer = this.#receive(ANSWER_SECONDS, deadline);
      if ('return' in answer) return answer.return;
      if ('error' in answer) {
        const desc = isObject(answer.error) ? answer.error.desc : undefined;
        const reason = typeof desc === 'string' ? desc : 'without a reason';
        throw new QmpRefusal(`QEMU refuses ${command}: ${reason}`, 'see what QEMU says');
      }
      if (!('event' in answer)) throw this.#noServer();
    }
  }

  /** The result of a command that returns an object. Throws like `execute`, and UnsupportedError if it is not an object. */
  object(command: string): Answer {
    const answer = this.execute(command);
    if (isObject(answer)) return answer;
    throw this.#unexpected(command, 'an object');
  }

  /** The result of a command that returns a list of objects. Throws like `object`. */
  list(command: string): Answer[] {
    const answer = this.execute(command);
    if (Array.isArray(answer) && answer.every(isObject)) return answer;
    throw this.#unexpected(command, 'a list of objects');
  }

  /** The output of a command of the human monitor. Throws like `object`. */
  human(line: string): string {
    const answer = this.execute('human-monitor-command', { 'command-line': line });
    if (typeof answer === 'string') return answer;
    throw this.#unexpected(`'${line}'`, 'text');
  }

  close(): void {
    this.#socket?.close();
  }

  #receive(seconds: number, deadline: number): Answer {
    const line = this.#told(seconds, () => this.#socket.readLine(deadline, MOST_BYTES));
    try {
      const answer: unknown = isDeep(line) ? undefined : JSON.parse(line);
      if (isObject(answer)) return answer;
    } catch {
      // anything but JSON is not an answer
    }
    throw this.#noServer();
  }

  #told<T>(seconds: number, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      const { code } = error;
      const [why, remedy] =
        code === 'EAGAIN'
          ? [`it said nothing for ${seconds} seconds`, BUSY]
          : code === 'SLOW'
            ? [`it did not end its answer within ${seconds} seconds`, BUSY]
            : (REFUSALS[code] ?? [error.message, STILL_RUNNING]);
      throw new UnsupportedError(`${this.path}: ${why}`, remedy);
    }
  }

  #unexpected(command: string, expected: string): UnsupportedError {
    return new UnsupportedError(
      `${this.path}: the answer to ${command} is not ${expected}`,
      'name the socket of -qmp unix:PATH of a QEMU',
    );
  }

  #noServer(): UnsupportedError {
    return new UnsupportedError(
      `${this.path}: what answers there does not speak QMP`,
      'name the socket of -qmp unix:PATH (that of -monitor is for people)',
    );
  }
}

function isObject(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether brackets are nested deeper than in any answer: parsing them would take far more memory than the text. */
function isDeep(text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inText) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inText = false;
    } else if (c === 0x22) inText = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > MOST_LEVELS) return true;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return false;
}
