/** No name in the kernel is longer (KSYM_NAME_LEN); reading more of a damaged one would only cost time. */
const LONGEST = 512;

/** The string section of BTF. Names are offsets into it and end with a NUL. */
export class BtfStrings {
  readonly #bytes: Buffer;
  readonly #texts: Map<number, string> = new Map();

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The name at an offset; empty if the offset is out of range. */
  text(offset: number): string {
    const known = this.#texts.get(offset);
    if (known !== undefined) return known;
    const bytes = this.#bytes;
    const most = Math.min(offset + LONGEST, bytes.length);
    let end = offset;
    while (end < most && bytes[end] !== 0) end++;
    const text = bytes.toString('latin1', offset, end);
    this.#texts.set(offset, text);
    return text;
  }

  /** Whether a string starts at an offset. Producers share whole strings, never the ends of others. */
  isStart(offset: number): boolean {
    return offset < this.#bytes.length && (offset === 0 || this.#bytes[offset - 1] === 0);
  }

  isEmpty(offset: number): boolean {
    return offset === 0 || offset >= this.#bytes.length || this.#bytes[offset] === 0;
  }

  /** Whether the name at an offset is exactly `name`. */
  equals(offset: number, name: Uint8Array): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i < name.length; i++) if (bytes[offset + i] !== name[i]) return false;
    return bytes[offset + name.length] === 0;
  }

  /** The first four characters of a name in one word; missing characters are 0. */
  prefix(offset: number): number {
    return prefixOf(this.#bytes, offset);
  }
}

/**
 * Finds types by name. The first lookup costs a pass that takes four characters of each name, and each lookup searches for
 * such a word. This is faster than hashing tens of thousands of names to find a few dozen.
 */
export class NameIndex {
  readonly #strings: BtfStrings;
  readonly #ids: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #prefixes: Uint32Array;
  readonly #found: Map<string, readonly number[]> = new Map();

  /** `nameOf` returns the offset of a type's name. */
  constructor(strings: BtfStrings, ids: Uint32Array, nameOf: (id: number) => number) {
    this.#strings = strings;
    this.#ids = ids;
    this.#offsets = new Uint32Array(ids.length);
    this.#prefixes = new Uint32Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const offset = nameOf(ids[i]!);
      this.#offsets[i] = offset;
      this.#prefixes[i] = strings.prefix(offset);
    }
  }

  /** Ids of all types with a name, in file order. */
  find(name: string): readonly number[] {
    const known = this.#found.get(name);
    if (known) return known;
    const wanted = Buffer.from(name, 'latin1');
    const prefix = prefixOf(wanted, 0);
    const ids: number[] = [];
    if (prefix !== 0) {
      for (let i = this.#prefixes.indexOf(prefix); i >= 0; i = this.#prefixes.indexOf(prefix, i + 1)) {
        if (this.#strings.equals(this.#offsets[i]!, wanted)) ids.push(this.#ids[i]!);
      }
    }
    this.#found.set(name, ids);
    return ids;
  }
}

function prefixOf(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset] ?? 0;
  const second = first && (bytes[offset + 1] ?? 0);
  const third = second && (bytes[offset + 2] ?? 0);
  const fourth = third && (bytes[offset + 3] ?? 0);
  return (first | (second << 8) | (third << 16) | (fourth << 24)) >>> 0;
}
