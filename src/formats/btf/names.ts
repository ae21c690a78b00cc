/** The string section of BTF: names are given by their offset in it and end with a NUL. */
export class BtfStrings {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** The name at an offset; empty where the offset is outside. */
  text(offset: number): string {
    if (offset >= this.#bytes.length) return '';
    const end = this.#bytes.indexOf(0, offset);
    return this.#bytes.toString('latin1', offset, end < 0 ? this.#bytes.length : end);
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

  hash(offset: number): number {
    const bytes = this.#bytes;
    let hash = 0;
    for (let i = offset; i < bytes.length && bytes[i] !== 0; i++)
      hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    return hash;
  }
}

/** Finds types by name: an open-addressed table of ids under the hashes of their names. */
export class NameIndex {
  readonly #strings: BtfStrings;
  readonly #nameOf: (id: number) => number;
  readonly #slots: Uint32Array;
  readonly #mask: number;

  /** `nameOf` gives the offset of a type's name. Types without one are left out. */
  constructor(strings: BtfStrings, ids: Uint32Array, nameOf: (id: number) => number) {
    this.#strings = strings;
    this.#nameOf = nameOf;
    const size = 2 ** Math.ceil(Math.log2(ids.length * 2 + 2));
    this.#slots = new Uint32Array(size);
    this.#mask = size - 1;
    for (const id of ids) {
      const name = nameOf(id);
      if (strings.isEmpty(name)) continue;
      let slot = spread(strings.hash(name)) & this.#mask;
      // Types of one name sit next to each other, and a hostile file may give one name to all: a bounded
      // search for a free slot keeps building linear, and drops what no kernel has.
      for (let tries = 0; tries < MAX_PROBES && this.#slots[slot] !== 0; tries++)
        slot = (slot + 1) & this.#mask;
      if (this.#slots[slot] === 0) this.#slots[slot] = id;
    }
  }

  /** Ids of all types of that name, in the order of the file. */
  *find(name: string): Generator<number> {
    const wanted = Buffer.from(name, 'latin1');
    if (wanted.length === 0) return;
    let hash = 0;
    for (const byte of wanted) hash = (Math.imul(hash, 31) + byte) | 0;
    let slot = spread(hash) & this.#mask;
    for (let tries = 0; tries <= MAX_PROBES; tries++, slot = (slot + 1) & this.#mask) {
      const id = this.#slots[slot]!;
      if (id === 0) return;
      if (this.#strings.equals(this.#nameOf(id), wanted)) yield id;
    }
  }
}

const MAX_PROBES = 256;

function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}
