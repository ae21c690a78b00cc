import { viewOf } from '../../core/bytes.ts';

/** Reads consecutive numbers. Throws RangeError at the end of the bytes; callers turn it into a FormatError. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly #view: DataView;
  at: number;

  constructor(bytes: Uint8Array, littleEndian: boolean, at = 0) {
    this.bytes = bytes;
    this.littleEndian = littleEndian;
    this.#view = viewOf(bytes);
    this.at = at;
  }

  u8(): number {
    return this.#view.getUint8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.#view.getUint16(this.at - 2, this.littleEndian);
  }

  u24(): number {
    const [low, high] = this.littleEndian ? [this.u16(), this.u8() * 65536] : [this.u8() * 65536, this.u16()];
    return low + high;
  }

  u32(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4, this.littleEndian);
  }

  u64(): bigint {
    this.at += 8;
    return this.#view.getBigUint64(this.at - 8, this.littleEndian);
  }

  /** An offset into a section: 4 bytes, or 8 in the 64-bit format of DWARF. */
  offset(size: 4 | 8): number {
    return size === 4 ? this.u32() : Number(this.u64());
  }

  /** Unsigned LEB128 that is exact in a double, as all but constants are. */
  uleb(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 128; ; scale *= 128) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** LEB128 of any size, signed or not. */
  leb(signed: boolean): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return signed && byte & 0x40 ? value - (1n << (shift + 7n)) : value;
    }
  }

  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  /** Moves past the next NUL and returns the text before it, as Latin-1. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new RangeError('a string without an end');
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at, end - this.at).toString(
      'latin1',
    );
    this.at = end + 1;
    return text;
  }
}
