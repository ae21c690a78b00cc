import { BitReader } from './bit-reader.ts';

const BLOCK_MAGIC = [0x314159, 0x265359];
const END_MAGIC = [0x177245, 0x385090];
const GROUP = 50;
const MAX_CODE = 20;

/** CRC-32 with the highest bit first, which bzip2 stores for each block. */
const CRC: Int32Array = Int32Array.from({ length: 256 }, (_, i) => {
  let crc = i << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/**
 * Decodes one or several streams of bzip2, block by block. Throws an Error on damage; the output so far is valid, since
 * each block is checked against its checksum first.
 */
export function decodeBzip2(chunks: Iterable<Uint8Array>, write: (bytes: Uint8Array) => void): void {
  const bits = new BitReader(chunks);
  let tt = new Uint32Array(0);
  for (let stream = 0; stream === 0 || !bits.atEnd; stream++) {
    if (bits.take(24) !== 0x425a68) throw new Error('no bzip2 header');
    const level = bits.take(8) - 48;
    if (level < 1 || level > 9) throw new Error('an unknown block size');
    if (tt.length < level * 100_000) tt = new Uint32Array(level * 100_000);
    for (;;) {
      const magic = [bits.take(24), bits.take(24)];
      const crc = bits.take32();
      if (magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1]) break;
      if (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1])
        throw new Error('no block where one must be');
      const out = decodeBlock(bits, tt.subarray(0, level * 100_000));
      let sum = -1;
      for (let i = 0; i < out.length; i++) sum = (sum << 8) ^ CRC[((sum >>> 24) ^ out[i]!) & 255]!;
      if (~sum >>> 0 !== crc) throw new Error('a block does not match its checksum');
      write(out);
    }
    bits.align();
  }
}

/** A code as limits by length: codes of `length` bits go up to limit[length], and select perm[code - base[length]]. */
interface Code {
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly perm: Uint16Array;
  readonly least: number;
  readonly most: number;
}

function decodeBlock(bits: BitReader, tt: Uint32Array): Uint8Array {
  if (bits.take(1)) throw new Error('a randomised block (bzip2 0.9.0), which is not read');
  const origin = bits.take(24);
  const symbols = readSymbols(bits);
  const size = symbols.length + 2;
  const groups = bits.take(3);
  const selectorCount = bits.take(15);
  if (groups < 2 || groups > 6 || selectorCount === 0) throw new Error('a bad number of code tables');
  const selectors = readSelectors(bits, groups, selectorCount);
  const codes = Array.from({ length: groups }, () => readCode(bits, size));

  const counts = new Int32Array(256);
  let count = 0;
  let run = 0;
  let weight = 1;
  let left = 0;
  let selector = 0;
  let code: Code | undefined;
  for (;;) {
    if (left === 0) {
      if (selector >= selectorCount) throw new Error('more symbols than its tables are for');
      code = codes[selectors[selector++]!]!;
      left = GROUP;
    }
    left--;
    const symbol = readSymbol(bits, code!);
    if (symbol <= 1) {
      run += weight << symbol;
      weight *= 2;
      if (run > tt.length) throw new Error('a run that is too long');
      continue;
    }
    if (run > 0) {
      if (count + run > tt.length) throw new Error('a block that is too long');
      const byte = symbols[0]!;
      tt.fill(byte, count, count + run);
      counts[byte]! += run;
      count += run;
      run = 0;
      weight = 1;
    }
    if (symbol === size - 1) break;
    if (count >= tt.length) throw new Error('a block that is too long');
    const byte = symbols[symbol - 1]!;
    symbols.copyWithin(1, 0, symbol - 1);
    symbols[0] = byte;
    tt[count++] = byte;
    counts[byte]!++;
  }
  if (origin >= count) throw new Error('a bad start of its order');
  return unsort(tt, counts, count, origin);
}

function readSymbols(bits: BitReader): Uint8Array {
  const used = bits.take(16);
  const list: number[] = [];
  for (let i = 0; i < 16; i++) {
    if (!(used & (0x8000 >> i))) continue;
    const part = bits.take(16);
    for (let k = 0; k < 16; k++) if (part & (0x8000 >> k)) list.push(i * 16 + k);
  }
  if (list.length === 0) throw new Error('a block without symbols');
  return Uint8Array.from(list);
}

function readSelectors(bits: BitReader, groups: number, count: number): Uint8Array {
  const order = Array.from({ length: groups }, (_, i) => i);
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let k = 0;
    while (bits.take(1)) if (++k >= groups) throw new Error('a bad table selector');
    const [group] = order.splice(k, 1);
    order.unshift(group!);
    out[i] = group!;
  }
  return out;
}

function readCode(bits: BitReader, size: number): Code {
  const lengths = new Uint8Array(size);
  let length = bits.take(5);
  for (let i = 0; i < size; i++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE) throw new Error('a bad code length');
      if (!bits.take(1)) break;
      length += bits.take(1) ? -1 : 1;
    }
    lengths[i] = length;
  }
  const limit = new Int32Array(MAX_CODE + 2).fill(-1);
  const base = new Int32Array(MAX_CODE + 2);
  const perm = new Uint16Array(size);
  const least = Math.min(...lengths);
  const most = Math.max(...lengths);
  let next = 0;
  let value = 0;
  for (let n = least; n <= most; n++) {
    base[n] = value - next;
    for (let i = 0; i < size; i++) {
      if (lengths[i] !== n) continue;
      perm[next++] = i;
      value++;
    }
    limit[n] = value - 1;
    value *= 2;
  }
  return { limit, base, perm, least, most };
}

function readSymbol(bits: BitReader, { limit, base, perm, least, most }: Code): number {
  let value = bits.take(least);
  for (let n = least; ; n++) {
    if (value <= limit[n]!) {
      const symbol = perm[value - base[n]!];
      if (symbol === undefined) throw new Error('a code that means nothing');
      return symbol;
    }
    if (n >= most) throw new Error('a code that means nothing');
    value = value * 2 + bits.take(1);
  }
}

/**
 * Undoes the Burrows-Wheeler transform, then the run-length encoding: after four equal bytes comes the number of further
 * ones.
 */
function unsort(tt: Uint32Array, counts: Int32Array, count: number, origin: number): Uint8Array {
  const starts = new Int32Array(256);
  for (let i = 0, sum = 0; i < 256; i++) {
    starts[i] = sum;
    sum += counts[i]!;
  }
  for (let i = 0; i < count; i++) {
    const place = starts[tt[i]! & 255]!++;
    tt[place]! |= i << 8;
  }
  let out = new Uint8Array(count * 2);
  let size = 0;
  let position = tt[origin]! >>> 8;
  let last = -1;
  let same = 0;
  for (let i = 0; i < count; i++) {
    const entry = tt[position]!;
    const byte = entry & 255;
    position = entry >>> 8;
    const repeat = same === 4 ? byte : 1;
    if (size + repeat > out.length) {
      const larger = new Uint8Array(out.length * 2 + 256);
      larger.set(out);
      out = larger;
    }
    if (same === 4) {
      out.fill(last, size, size + repeat);
      size += repeat;
      same = 0;
      last = -1;
      continue;
    }
    same = byte === last ? same + 1 : 1;
    last = byte;
    out[size++] = byte;
  }
  return out.subarray(0, size);
}
