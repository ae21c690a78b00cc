import type { Base, DecodeStream } from 'restructure';
import { word } from '../core/address.ts';

/** The unsigned 64-bit integer that restructure lacks, as a bigint. */
class U64 implements Base<bigint> {
  readonly #littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  size(): number {
    return 8;
  }

  decode(stream: DecodeStream): bigint {
    if (this.#littleEndian) {
      const low = stream.readUInt32LE();
      return word(low, stream.readUInt32LE());
    }
    const high = stream.readUInt32BE();
    return word(stream.readUInt32BE(), high);
  }
}

export const u64le: Base<bigint> = new U64(true);
export const u64be: Base<bigint> = new U64(false);
