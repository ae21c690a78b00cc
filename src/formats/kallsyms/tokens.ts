import { viewOf } from '../../core/bytes.ts';
import { FormatError } from '../../core/errors.ts';
import type { ReadVirtual } from './lazy-table.ts';

/** kallsyms_token_index: the start of each of the 256 tokens, 16 bits each. */
export const TOKEN_INDEX_BYTES = 512;
/** Longer than any expanded name: KSYM_NAME_LEN has been 512 since 6.1 and was 128 before (include/linux/kallsyms.h). */
export const MAX_NAME = 1024;
/** Number of characters that `prefix` puts into a word. */
export const PREFIX = 4;
/** Room for the last token, which only its NUL ends. */
const LAST_TOKEN = 256;

/**
 * The 256 strings that stand for one byte each in compressed symbol names (scripts/kallsyms.c). The first character of an
 * expanded name is the type of the symbol, as in nm.
 */
export class Tokens {
  readonly littleEndian: boolean;
  readonly #starts: Uint16Array;
  readonly #lengths: Uint8Array;
  readonly #text: Uint8Array;

  private constructor(text: Uint8Array, starts: Uint16Array, lengths: Uint8Array, littleEndian: boolean) {
    this.#text = text;
    this.#starts = starts;
    this.#lengths = lengths;
    this.littleEndian = littleEndian;
  }

  /**
   * Reads both tables. Their order tells the byte order of the kernel. Throws FormatError if they contradict each other.
   */
  static read(read: ReadVirtual, tableAddress: bigint, indexAddress: bigint): Tokens {
    const index = read(indexAddress, TOKEN_INDEX_BYTES);
    const gap = indexAddress - tableAddress;
    for (const littleEndian of [true, false]) {
      const starts = startsOf(index, littleEndian);
      const last = starts[255]!;
      if (!starts.every((start, i) => (i === 0 ? start === 0 : start > starts[i - 1]!))) continue;
      // The index follows the table, so a read up to it cannot reach unmapped memory.
      const room = gap > last && gap < last + LAST_TOKEN ? Number(gap) : last + LAST_TOKEN;
      const tokens = Tokens.of(read(tableAddress, room), starts, littleEndian);
      if (tokens) return tokens;
    }
    throw new FormatError({
      file: 'kallsyms',
      expected: `256 tokens at 0x${tableAddress.toString(16)} that start where kallsyms_token_index says`,
      found: 'tables that do not agree',
    });
  }

  /** Undefined unless every token ends just before the next one starts. */
  static of(text: Uint8Array, starts: Uint16Array, littleEndian: boolean): Tokens | undefined {
    const lengths = new Uint8Array(256);
    for (let token = 0; token < 256; token++) {
      const end = text.indexOf(0, starts[token]);
      if (end < 0 || (token < 255 && end + 1 !== starts[token + 1])) return undefined;
      if (end - starts[token]! > 255) return undefined;
      lengths[token] = end - starts[token]!;
    }
    return new Tokens(text, starts, lengths, littleEndian);
  }

  /** The first four characters after the type in one word, which distinguishes nearly all names without expanding them. */
  prefix(names: Uint8Array, from: number, to: number): number {
    const text = this.#text;
    let word = 0;
    let left = PREFIX + 1;
    for (let i = from; i < to && left > 0; i++) {
      const token = names[i]!;
      let at = this.#starts[token]!;
      for (let length = this.#lengths[token]!; length > 0 && left > 0; length--, left--, at++) {
        if (left <= PREFIX) word = (word << 8) | text[at]!;
      }
    }
    return word;
  }

  /** Whether the bytes `from` … `to` - 1 of `names` are a type followed by `name`; stops at the first difference. */
  spell(names: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
    let matched = -1;
    for (let i = from; i < to; i++) {
      const token = names[i]!;
      const start = this.#starts[token]!;
      const end = start + this.#lengths[token]!;
      for (let at = start; at < end; at++, matched++) {
        if (matched >= 0 && this.#text[at] !== name[matched]) return false;
      }
    }
    return matched === name.length;
  }

  /** Expands into `target` and returns the length; the excess is cut off. */
  expand(names: Uint8Array, from: number, to: number, target: Uint8Array): number {
    let length = 0;
    for (let i = from; i < to; i++) {
      const token = names[i]!;
      const start = this.#starts[token]!;
      const end = start + this.#lengths[token]!;
      for (let at = start; at < end && length < target.length; at++) target[length++] = this.#text[at]!;
    }
    return length;
  }
}

export function startsOf(index: Uint8Array, littleEndian: boolean): Uint16Array {
  const view = viewOf(index);
  return Uint16Array.from({ length: 256 }, (_, i) => view.getUint16(i * 2, littleEndian));
}
