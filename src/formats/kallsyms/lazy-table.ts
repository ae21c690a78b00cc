import { viewOf } from '../../core/bytes.ts';

/** Reads kernel memory by virtual address; throws FaultError for missing memory. */
export type ReadVirtual = (address: bigint, length: number) => Uint8Array;

const PAGE = 4096;

/**
 * A table in kernel memory of which only the needed pages are read. A lookup by name touches a few dozen of the thousand
 * pages of the symbol table, and each may need decompression.
 */
export class LazyTable {
  readonly address: bigint;
  /** Valid only where `load` has been called. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #read: ReadVirtual;
  readonly #have: Uint8Array;
  readonly #little: boolean;

  constructor(read: ReadVirtual, address: bigint, length: number, littleEndian = true) {
    this.address = address;
    this.bytes = new Uint8Array(length);
    this.#view = viewOf(this.bytes);
    this.#read = read;
    this.#have = new Uint8Array(Math.ceil(length / PAGE));
    this.#little = littleEndian;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Makes bytes `from` … `to` - 1 valid, as far as they are in the table. Throws FaultError. */
  load(from: number, to: number): void {
    const end = Math.ceil(Math.min(to, this.length) / PAGE);
    for (let page = Math.floor(from / PAGE); page < end; page++) {
      if (this.#have[page] === 1) continue;
      let stop = page + 1;
      while (stop < end && this.#have[stop] === 0) stop++;
      const start = page * PAGE;
      const length = Math.min(stop * PAGE, this.length) - start;
      this.bytes.set(this.#read(this.address + BigInt(start), length).subarray(0, length), start);
      this.#have.fill(1, page, stop);
      page = stop;
    }
  }

  /** The unsigned 32-bit word at byte `at`, which must be in the table. */
  u32(at: number): number {
    this.load(at, at + 4);
    return this.#view.getUint32(at, this.#little);
  }

  /** The address of 4 or 8 bytes at byte `at`, which must be in the table. */
  word(at: number, bytes: 4 | 8): bigint {
    if (bytes === 4) return BigInt(this.u32(at));
    this.load(at, at + 8);
    return this.#view.getBigUint64(at, this.#little);
  }
}
