import { fstatSync, readlinkSync, writeSync } from 'node:fs';
import { type Exporter, printable, printableJson, printableLines, type Sink, UsageError } from '../index.ts';

/** Whether standard output is a regular file: on a full disk, a stream would not notice a short write. */
let isFile: boolean | undefined;

/** Writes all bytes, with as many writes as necessary. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

/** Thrown when the reader of the output has gone (`| head`), which is not a failure. */
export class ClosedPipe extends Error {}

let broken = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // the writer receives any other error
  if (error.code === 'EPIPE') broken = true;
});

/** Writes text for people to standard output; escapes whatever would affect a terminal. Throws like `stdoutData`. */
export const stdout = (text: string): Promise<void> => writeOut(printableLines(text));

/**
 * Writes data to standard output: unchanged to a file or program, escaped to a terminal. Throws ClosedPipe once the reader
 * has gone.
 */
export const stdoutData: Sink = (data) => {
  if (!process.stdout.isTTY) return writeOut(data);
  return writeOut(printableLines(typeof data === 'string' ? data : new TextDecoder().decode(data)));
};

/** Writes data as JSON to standard output. */
export const printJson = (data: unknown): Promise<void> => stdout(`${printableJson(data, 2)}\n`);

/** The width of the terminal that standard output is; empty for anything else, and for a serial console, which has none. */
export function terminalWidth(): { readonly width?: number } {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? { width: columns } : {};
}

/** Throws UsageError if binary output would go to a terminal. */
export function refuseTerminal({ name, isBinary }: Exporter): void {
  if (isBinary && process.stdout.isTTY) {
    throw new UsageError(
      `${name} is binary and not written to a terminal: redirect the output, or use 'structpage export'`,
    );
  }
}

/** Options of an exporter for output that its reader may not be able to read twice. */
export function streamOptions({ options }: Exporter): { stream?: true } {
  return options.some((option) => option.name === 'stream') ? { stream: true } : {};
}

const writeOut: Sink = (text) =>
  new Promise((resolve, reject) => {
    isFile ??= fstatSync(1).isFile();
    if (isFile) {
      writeAll(1, text);
      resolve();
      return;
    }
    if (broken) {
      reject(new ClosedPipe());
      return;
    }
    process.stdout.write(text, (error) => {
      if (!error) resolve();
      else reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new ClosedPipe() : error);
    });
  });

/** Writes a message to standard error. */
export function say(text: string): void {
  // text from outside must not start a line that looks like one of ours
  print(process.stderr, `structpage: ${text.replace(/\n(?! )/g, '\n  ')}\n`);
}

/** Writes text for people to a stream, escaped. */
export function print(stream: NodeJS.WriteStream, text: string): void {
  stream.write(printableLines(text));
}

/** A progress bar on standard error if it is a terminal. */
export class Progress {
  #shown = 0;
  readonly #on: boolean = process.stderr.isTTY === true && drawsBars(process.env.TERM ?? '', deviceOf(2));

  update(what: string, done: number, total: number): void {
    const now = Date.now();
    if (!this.#on || (now - this.#shown < 100 && done < total)) return;
    this.#shown = now;
    const part = total > 0 ? Math.min(1, done / total) : 0;
    const width = 30;
    const full = Math.round(part * width);
    process.stderr.write(
      `\r\x1b[K${printable(what)} [${'#'.repeat(full)}${' '.repeat(width - full)}] ${Math.floor(part * 100)} %`,
    );
  }

  /** Removes the bar. */
  done(): void {
    if (this.#on && this.#shown > 0) process.stderr.write('\r\x1b[K');
    this.#shown = 0;
  }
}

/**
 * Whether a terminal draws a progress bar. A dumb terminal would show the control sequences; a serial console, such as that of a
 * crash kernel, would log them. `device` is the path of the terminal, if known.
 */
export function drawsBars(term: string, device: string | undefined): boolean {
  if (/^(dumb|unknown)?$/.test(term)) return false;
  return device === undefined || /^\/dev\/(pts\/|tty)\d+$/.test(device);
}

function deviceOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** Aligns lines of label and value. */
export function labelled(rows: readonly (readonly [string, string])[]): string {
  const cells = rows.map(([label, value]) => [printable(label), printable(value)] as const);
  const width = cells.reduce((most, [label]) => Math.max(most, label.length), 0);
  return cells.map(([label, value]) => `${label.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}

/** Aligns rows of cells. Columns in `left` are left-aligned, the others right-aligned. */
export function aligned(
  rows: readonly (readonly string[])[],
  indent = '',
  left: readonly number[] = [0],
): string {
  const widths: number[] = [];
  const shown = rows.map((row) => row.map(printable));
  for (const row of shown)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return shown
    .map((row) =>
      `${indent}${row.map((cell, i) => (left.includes(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd(),
    )
    .join('\n');
}
