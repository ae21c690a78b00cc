import { viewOf } from './bytes.ts';

/** How a kernel lays out its data. */
export interface DataModel {
  /** Size of an `unsigned long` and of a pointer, in bytes. */
  readonly wordBytes: 4 | 8;
  readonly littleEndian: boolean;
  /** The virtual addresses of the kernel's own objects, both ends included. Any other pointer value is poison. */
  readonly pointers: { readonly from: bigint; readonly to: bigint };
}

const ZEROS = new Uint8Array(4096);

/** Reads members of a kernel's structs by the data model of that kernel. Offsets are in bytes. */
export class StructView {
  readonly byteLength: number;
  readonly model: DataModel;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, model: DataModel) {
    this.#view = viewOf(bytes);
    this.byteLength = bytes.length;
    this.model = model;
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, this.model.littleEndian);
  }

  i16(at: number): number {
    return this.#view.getInt16(at, this.model.littleEndian);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, this.model.littleEndian);
  }

  i32(at: number): number {
    return this.#view.getInt32(at, this.model.littleEndian);
  }

  u64(at: number): bigint {
    return this.#view.getBigUint64(at, this.model.littleEndian);
  }

  /** An `unsigned long` or a pointer. */
  word(at: number): bigint {
    return this.model.wordBytes === 8 ? this.u64(at) : BigInt(this.u32(at));
  }

  /** The offset of the first word from `at` on that is not 0; `byteLength` if there is none. Skips pages of zeros quickly. */
  nextNonZero(at: number): number {
    const { wordBytes } = this.model;
    for (let here = at; here < this.byteLength; here += wordBytes) {
      if (here % ZEROS.length === 0) here = this.#endOfZeros(here);
      if (here >= this.byteLength) break;
      if (this.#view.getUint32(here) !== 0 || (wordBytes === 8 && this.#view.getUint32(here + 4) !== 0))
        return here;
    }
    return this.byteLength;
  }

  /** The end of the pages of zeros that begin at `at`. */
  #endOfZeros(at: number): number {
    const bytes = Buffer.from(this.#view.buffer, this.#view.byteOffset, this.byteLength);
    let end = at;
    while (
      end + ZEROS.length <= bytes.length &&
      bytes.compare(ZEROS, 0, ZEROS.length, end, end + ZEROS.length) === 0
    )
      end += ZEROS.length;
    return end;
  }

  /** Whether bit `bit` is set in the bitmap of words (DECLARE_BITMAP) that starts at `at`. */
  bit(at: number, bit: number): boolean {
    const bits = this.model.wordBytes * 8;
    const word = this.word(at + Math.floor(bit / bits) * this.model.wordBytes);
    return ((word >> BigInt(bit % bits)) & 1n) === 1n;
  }
}
