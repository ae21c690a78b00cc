import type { Objects } from '../objects/objects.ts';

/**
 * The texts that a kernel prints, in its read-only data. They decide which lines its files in /proc have, not its version.
 */
export class FormatStrings {
  readonly #bytes: Buffer;

  /** Throws LayoutError or FaultError if the kernel's read-only data cannot be read. */
  constructor(objects: Objects) {
    const start = objects.symbol('__start_rodata');
    const end = objects.symbol('__end_rodata');
    const bytes = objects.memory.space.read(start, Number(end - start), 'read-only data of the kernel');
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The whole text that starts with `start`; undefined if there is none. */
  beginning(start: string): string | undefined {
    const at = this.#bytes.indexOf(Buffer.from(`\0${start}`, 'latin1'));
    if (at < 0) return undefined;
    return this.#bytes.toString('latin1', at + 1, this.#bytes.indexOf(0, at + 1));
  }

  /** Whether some format contains a text. */
  contains(text: string): boolean {
    return this.#bytes.includes(Buffer.from(text, 'latin1'));
  }

  /** Whether a label is printed: it is a whole text, the end of one, or the start of one with a number after it. */
  hasLabel(label: string): boolean {
    return (
      this.#bytes.includes(Buffer.from(`${label}\0`, 'latin1')) ||
      this.#bytes.includes(Buffer.from(`\0${label}%`, 'latin1'))
    );
  }
}
