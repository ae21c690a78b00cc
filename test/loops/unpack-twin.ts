/** What readers of Parquet and Snappy do, as their documents say it: the encoders' output must give back what went in. */

class Bytes {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('behind the end');
    return byte;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  zigzag(): bigint {
    const value = this.varint();
    return value & 1n ? -(value >> 1n) - 1n : value >> 1n;
  }

  /** `count` values of `width` bits, lowest bits first. */
  packed(count: number, width: number): bigint[] {
    let bits = 0n;
    const bytes = Math.ceil((count * width) / 8);
    for (let i = 0; i < bytes; i++) bits |= BigInt(this.byte()) << BigInt(8 * i);
    const mask = (1n << BigInt(width)) - 1n;
    return Array.from({ length: count }, (_, i) => (bits >> BigInt(i * width)) & mask);
  }
}

export function unpackHybrid(bytes: Uint8Array, count: number, width: number): number[] {
  const input = new Bytes(bytes);
  const values: number[] = [];
  while (!input.isAtEnd) {
    const header = Number(input.varint());
    if (header & 1) values.push(...input.packed((header >> 1) * 8, width).map(Number));
    else {
      let value = 0;
      for (let i = 0; i < Math.ceil(width / 8); i++) value += input.byte() * 2 ** (8 * i);
      for (let i = 0; i < header >> 1; i++) values.push(value);
    }
  }
  if (values.length - count >= 8 || values.length < count) throw new RangeError(`${values.length} values`);
  return values.slice(0, count);
}

export function unpackDeltas(bytes: Uint8Array): bigint[] {
  const input = new Bytes(bytes);
  const block = Number(input.varint());
  const miniblocks = Number(input.varint());
  const count = Number(input.varint());
  const values = [BigInt.asUintN(64, input.zigzag())];
  while (values.length < count) {
    const least = input.zigzag();
    const widths = Array.from({ length: miniblocks }, () => input.byte());
    for (const width of widths) {
      for (const delta of input.packed(width === 0 ? 0 : block / miniblocks, width)) {
        values.push(BigInt.asUintN(64, values.at(-1)! + least + delta));
      }
      if (width > 0) continue;
      for (let i = 0; i < block / miniblocks; i++) values.push(BigInt.asUintN(64, values.at(-1)! + least));
    }
  }
  if (!input.isAtEnd) throw new RangeError('more bytes than values');
  return values.slice(0, count);
}

export function unsnappy(bytes: Uint8Array): Uint8Array {
  const input = new Bytes(bytes);
  const out = new Uint8Array(Number(input.varint()));
  let at = 0;
  while (!input.isAtEnd) {
    const tag = input.byte();
    const size = tag >> 2;
    const number = (count: number): number => {
      let value = 0;
      for (let i = 0; i < count; i++) value += input.byte() * 2 ** (8 * i);
      return value;
    };
    if ((tag & 3) === 0) {
      const length = 1 + (size < 60 ? size : number(size - 59));
      for (let i = 0; i < length; i++) out[at++] = input.byte();
      continue;
    }
    const isShort = (tag & 3) === 1;
    const length = isShort ? 4 + (size & 7) : 1 + size;
    const offset = isShort ? ((tag >> 5) << 8) + input.byte() : number((tag & 3) === 2 ? 2 : 4);
    if (offset === 0 || offset > at) throw new RangeError(`a copy from ${offset} before ${at}`);
    for (let i = 0; i < length; i++, at++) out[at] = out[at - offset]!;
  }
  if (at !== out.length) throw new RangeError(`${at} bytes instead of ${out.length}`);
  return out;
}
