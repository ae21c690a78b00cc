import { FormatError } from '../../core/errors.ts';
import type { LazyTable } from './lazy-table.ts';
import { MAX_NAME, PREFIX, type Tokens } from './tokens.ts';

/** Number of symbols between two entries of kallsyms_markers. */
export const GROUP = 256;
/** Maximum size of an entry, if each token were a single character. */
export const MAX_ENTRY = 1024;

/** An entry of the names table; reused, so it is valid until the next call. */
interface Entry {
  from: number;
  to: number;
}

/**
 * The compressed names (kallsyms_names) by ascending address: each entry is a length and that many tokens. Since 6.1, a
 * length above 127 takes two bytes, low seven bits first (scripts/kallsyms.c).
 */
export class Names {
  readonly count: number;
  readonly #table: LazyTable;
  readonly #tokens: Tokens;
  readonly #markers: Uint32Array;
  /** The end of the names, or a place after it. */
  #end: number;
  readonly #entry: Entry = { from: 0, to: 0 };
  readonly #buffer: Uint8Array = new Uint8Array(MAX_NAME);

  /** `markers` are those of the kernel; without them, one pass over all names makes them. */
  constructor(table: LazyTable, tokens: Tokens, count: number, markers: Uint32Array | undefined) {
    this.#table = table;
    this.#tokens = tokens;
    this.count = count;
    this.#end = table.length;
    this.#markers = markers ?? this.#makeMarkers();
  }

  /** Type character and name of an entry, e.g. `T_stext`. */
  text(index: number): string {
    this.#seek(index);
    const { from, to } = this.#entry;
    const length = this.#tokens.expand(this.#table.bytes, from, to, this.#buffer);
    return Buffer.from(this.#buffer.buffer, 0, length).toString('latin1');
  }

  /** All names in order. */
  *texts(): Generator<string> {
    for (let group = 0; group * GROUP < this.count; group++) {
      this.#loadGroup(group);
      let at = this.#markers[group]!;
      for (let i = group * GROUP; i < Math.min(this.count, (group + 1) * GROUP); i++) {
        at = this.#enter(at, i);
        const length = this.#tokens.expand(this.#table.bytes, this.#entry.from, this.#entry.to, this.#buffer);
        yield Buffer.from(this.#buffer.buffer, 0, length).toString('latin1');
      }
    }
  }

  /** Compares the name of an entry (without its type) with `wanted`, like strcmp: the result is below, at, or above 0. */
  compare(index: number, wanted: Uint8Array): number {
    this.#seek(index);
    const length = this.#tokens.expand(this.#table.bytes, this.#entry.from, this.#entry.to, this.#buffer);
    const common = Math.min(length - 1, wanted.length);
    for (let i = 0; i < common; i++) {
      const difference = this.#buffer[i + 1]! - wanted[i]!;
      if (difference !== 0) return difference;
    }
    return length - 1 - wanted.length;
  }

  /** Index of the first symbol with each name, in one pass. Unknown names are left out. */
  findAll(names: readonly string[]): Map<string, number> {
    const found = new Map<string, number>();
    const distinct = new Set(names);
    const wanted = new Map<number, { name: string; text: Uint8Array }[]>();
    for (const name of distinct) {
      const text = Buffer.from(name, 'latin1');
      const prefix = text.subarray(0, PREFIX).reduce((word, byte) => (word << 8) | byte, 0);
      wanted.set(prefix, [...(wanted.get(prefix) ?? []), { name, text }]);
    }
    const bytes = this.#table.bytes;
    for (let group = 0; group * GROUP < this.count && found.size < distinct.size; group++) {
      this.#loadGroup(group);
      let at = this.#markers[group]!;
      const end = Math.min(this.count, (group + 1) * GROUP);
      for (let i = group * GROUP; i < end; i++) {
        at = this.#enter(at, i);
        const { from, to } = this.#entry;
        const candidates = wanted.get(this.#tokens.prefix(bytes, from, to));
        if (!candidates) continue;
        for (const { name, text } of candidates) {
          if (!found.has(name) && this.#tokens.spell(bytes, from, to, text)) found.set(name, i);
        }
      }
    }
    return found;
  }

  #makeMarkers(): Uint32Array {
    const markers = new Uint32Array(Math.ceil(this.count / GROUP));
    let at = 0;
    for (let i = 0; i < this.count; i++) {
      if (i % GROUP === 0) markers[i / GROUP] = at;
      this.#table.load(at, at + MAX_ENTRY);
      at = this.#enter(at, i);
    }
    this.#end = at;
    return markers;
  }

  #loadGroup(group: number): void {
    this.#table.load(this.#markers[group]!, this.#markers[group + 1] ?? this.#end);
  }

  #seek(index: number): void {
    const group = Math.floor(index / GROUP);
    this.#loadGroup(group);
    // Takes most of the time of a lookup: the walk only steps, and only the entry at its end is checked.
    const bytes = this.#table.bytes;
    let at = this.#markers[group]!;
    for (let i = group * GROUP; i < index; i++) {
      const length = bytes[at]!;
      at += length < 128 ? 1 + length : 2 + ((length & 127) | (bytes[at + 1]! << 7));
    }
    this.#enter(at, index);
  }

  /** Sets the entry to the one at `at` and returns the start of the next one. */
  #enter(at: number, index: number): number {
    const bytes = this.#table.bytes;
    let from = at + 1;
    let length = bytes[at] ?? 0;
    if (length >= 128) length = (length & 127) | ((bytes[from++] ?? 0) << 7);
    const to = from + length;
    if (length === 0 || length > MAX_ENTRY || to > bytes.length) {
      throw new FormatError({
        file: 'kallsyms_names',
        offset: at,
        expected: `the name of symbol ${index} of ${this.count}`,
        found: `an entry of ${length} bytes, ${bytes.length - at} before the end of the table`,
      });
    }
    this.#entry.from = from;
    this.#entry.to = to;
    return to;
  }
}
