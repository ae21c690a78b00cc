import type { Sink } from '../index.ts';

/** Thrown when whoever reads our output has gone (`| head`): the end, but no failure. */
export class ClosedPipe extends Error {}

let broken = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') broken = true;
  else throw error;
});

/** Standard output as a sink; throws ClosedPipe once the reader has gone. */
export const stdout: Sink = (text) =>
  new Promise((resolve, reject) => {
    if (broken) {
      reject(new ClosedPipe());
      return;
    }
    process.stdout.write(text, (error) => {
      if (!error) resolve();
      else reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new ClosedPipe() : error);
    });
  });

/** Says something to the person at the terminal, on standard error. */
export function say(text: string): void {
  process.stderr.write(`structpage: ${text}\n`);
}

/** A bar on standard error; draws nothing when that is not a terminal. */
export class Progress {
  #shown = 0;
  readonly #on: boolean = process.stderr.isTTY === true;

  update(what: string, done: number, total: number): void {
    const now = Date.now();
    if (!this.#on || (now - this.#shown < 100 && done < total)) return;
    this.#shown = now;
    const part = total > 0 ? Math.min(1, done / total) : 0;
    const width = 30;
    const full = Math.round(part * width);
    process.stderr.write(
      `\r\x1b[K${what} [${'#'.repeat(full)}${' '.repeat(width - full)}] ${Math.floor(part * 100)} %`,
    );
  }

  /** Removes the bar. */
  done(): void {
    if (this.#on && this.#shown > 0) process.stderr.write('\r\x1b[K');
    this.#shown = 0;
  }
}

/** Lines of label and value, the values aligned. */
export function labelled(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}

/** Rows of cells, each column as wide as its widest cell; numbers to the right. */
export function aligned(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      `${indent}${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd(),
    )
    .join('\n');
}
