import { writeSync } from 'node:fs';
import { UsageError } from '../index.ts';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
/** Attributes, wrapping, the cursor and the screen as they were. */
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
const HEAD = '\x1b[7m';
const PLAIN = '\x1b[0m';
/** Smallest number of columns and rows, for terminals that tell none. */
const FALLBACK = { width: 80, height: 24 };

/** A line on the screen; its text must be safe for a terminal. */
export interface ScreenLine {
  readonly text: string;
  readonly isHead?: true;
}

/** Whether the terminal on standard output can show a screen; otherwise why not. */
export function whyNoScreen(): string | undefined {
  if (!process.stdout.isTTY) return 'standard output is not a terminal';
  const term = process.env.TERM ?? '';
  if (/^(dumb|unknown)?$/.test(term)) return `the terminal (TERM=${term}) cannot place text`;
  return undefined;
}

/** A full screen on the terminal of standard output. It must be closed; it closes itself when the process exits. */
export class Screen {
  #isOpen = false;
  #drawn = '';
  readonly #onKeys: (text: string) => void;
  readonly #close = (): void => this.close();

  /** `onKeys` receives what is typed; end of input counts as q. */
  constructor(onKeys: (text: string) => void) {
    const why = whyNoScreen();
    if (why !== undefined) throw new UsageError(`${why}; --batch prints text instead`);
    this.#onKeys = onKeys;
    process.on('exit', this.#close);
    this.open();
  }

  /** Takes over the terminal. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#drawn = '';
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.setEncoding('utf8').on('data', this.#onKeys).on('end', this.#onEnd).resume();
    }
    write(ENTER);
  }

  /** Gives the terminal back as it was. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    write(LEAVE);
    if (process.stdin.isTTY) {
      process.stdin.off('data', this.#onKeys).off('end', this.#onEnd).pause();
      process.stdin.setRawMode(false);
    }
  }

  /** Closes it for good. */
  dispose(): void {
    this.close();
    process.off('exit', this.#close);
  }

  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = process.stdout;
    return { width: columns || FALLBACK.width, height: rows || FALLBACK.height };
  }

  /** Shows lines from the top; the rest of the screen becomes empty. */
  draw(lines: readonly ScreenLine[]): void {
    if (!this.#isOpen) return;
    // after a text as wide as the screen, erasing to the end of the line would take its last character
    const rows = lines.map(({ text, isHead }) => `\x1b[K${isHead ? HEAD + text + PLAIN : text}`);
    const frame = `\x1b[H${rows.join('\r\n')}\x1b[J`;
    if (frame === this.#drawn) return;
    this.#drawn = frame;
    write(frame);
  }

  /** Draws everything anew next time. */
  forget(): void {
    this.#drawn = '';
  }

  #onEnd = (): void => this.#onKeys('q');
}

/** Writes at once, since the process may be about to end. A terminal that is gone takes nothing. */
function write(text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0, tries = 0; done < bytes.length && tries < 1000; ) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return;
      tries++;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
