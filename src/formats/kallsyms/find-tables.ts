import { viewOf } from '../../core/bytes.ts';
import { GROUP, MAX_ENTRY } from './names.ts';
import type { KallsymsTables } from './tables.ts';
import { startsOf, TOKEN_INDEX_BYTES, Tokens } from './tokens.ts';

/** A piece of memory that contains the kernel's read-only data. */
export interface ImageBytes {
  readonly bytes: Uint8Array;
  /** Virtual address of bytes[0]. */
  readonly address: bigint;
  /** Bytes of an address; 8 if not given. */
  readonly wordBytes?: 4 | 8;
}

/**
 * Tokens "0" to "9". A character that occurs in symbol names keeps its own number as a token (scripts/kallsyms.c), and
 * every kernel has all digits in its names.
 */
const DIGITS = Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00', 'latin1');
const FIRST_DIGIT = 0x30;
/** Token tables have about 1 KiB; no anchor is further from the end of its table. */
const MAX_TOKEN_TABLE = 16384;
/** Between the markers and the token table there may be 3 bytes per symbol (6.2, 6.3). */
const MARKERS_WINDOW = 4 << 20;
/** Number of steadily rising markers that prove their start, and number of groups of names walked. */
const SAMPLE = 16;
/** Number of addresses, of two hundred thousand, that are sampled to tell that they are sorted. */
const MANY_SAMPLES = 4096;
/** Larger than any kernel image, as a distance. */
const IMAGE_REACH = 1n << 31n;

/**
 * Finds the tables of kallsyms by their shape, for kernels whose VMCOREINFO does not name them (before 6.0) and for images
 * without VMCOREINFO. Undefined if there are none; never throws for the content of `image`.
 *
 * The order of the tables (scripts/kallsyms.c):
 * - up to 6.1: offsets, relative_base, num_syms, names, markers, token_table, token_index;
 * - 6.2, 6.3: the same with seqs_of_names after the markers;
 * - since 6.4: num_syms, names, markers, token_table, token_index, offsets, relative_base (removed in 7.1), seqs_of_names.
 */
export function findKallsyms(image: ImageBytes): KallsymsTables | undefined {
  const bytes = Buffer.from(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength);
  for (let at = bytes.indexOf(DIGITS); at >= 0; at = bytes.indexOf(DIGITS, at + 1)) {
    const found = tokenTables(bytes, at);
    const tables = found && new Search(bytes, image, found).tables();
    if (tables) return tables;
  }
  return undefined;
}

interface TokenTables {
  readonly table: number;
  readonly index: number;
  readonly littleEndian: boolean;
}

/** Both token tables around the token "0" at `zero`. */
function tokenTables(bytes: Buffer, zero: number): TokenTables | undefined {
  let end = zero;
  for (let token = FIRST_DIGIT; token < 256; token++) {
    end = bytes.indexOf(0, end) + 1;
    if (end === 0 || end - zero > MAX_TOKEN_TABLE) return undefined;
  }
  for (let index = end; index < end + 16; index++) {
    if (index + TOKEN_INDEX_BYTES > bytes.length) return undefined;
    for (const littleEndian of [true, false]) {
      const starts = startsOf(bytes.subarray(index, index + TOKEN_INDEX_BYTES), littleEndian);
      const table = zero - starts[FIRST_DIGIT]!;
      if (starts[0] !== 0 || table < 0) continue;
      if (Tokens.of(bytes.subarray(table, index), starts, littleEndian))
        return { table, index, littleEndian };
    }
  }
  return undefined;
}

interface NameTables {
  readonly numSyms: number;
  readonly names: number;
  readonly markers: number;
  readonly count: number;
}

/** Searches for all other tables around the token tables; positions are offsets in the image. */
class Search {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #address: bigint;
  readonly #wordBytes: 4 | 8;
  readonly #tokens: TokenTables;

  constructor(bytes: Buffer, { address, wordBytes = 8 }: ImageBytes, tokens: TokenTables) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#address = address;
    this.#wordBytes = wordBytes;
    this.#tokens = tokens;
  }

  tables(): KallsymsTables | undefined {
    const names = this.#nameTables();
    const offsets = names && (this.#offsetsBehind(names) ?? this.#offsetsBefore(names));
    if (!offsets) return undefined;
    const seqs = this.#seqs(names, offsets);
    return {
      numSyms: this.#virtual(names.numSyms),
      names: this.#virtual(names.names),
      markers: this.#virtual(names.markers),
      tokenTable: this.#virtual(this.#tokens.table),
      tokenIndex: this.#virtual(this.#tokens.index),
      offsets: this.#virtual(offsets.at),
      ...(offsets.base === undefined ? {} : { relativeBase: this.#virtual(offsets.base) }),
      ...(seqs === undefined ? {} : { seqsOfNames: this.#virtual(seqs) }),
    };
  }

  #virtual(at: number): bigint {
    return this.#address + BigInt(at);
  }

  /** The 32-bit word at `at`; -1 outside of the image. */
  #u32(at: number): number {
    return at >= 0 && at + 4 <= this.#bytes.length ? this.#view.getUint32(at, this.#tokens.littleEndian) : -1;
  }

  /** Goes back from the token table to the start of the markers: 0, then a steady rise. */
  #nameTables(): NameTables | undefined {
    const { table } = this.#tokens;
    // Tables are aligned in memory, so their address matters, not their place in the image.
    const start = table - Number(this.#virtual(table) & 3n);
    for (let at = start - 4; at >= Math.max(0, start - MARKERS_WINDOW); at -= 4) {
      if (this.#u32(at) !== 0) continue;
      const count = this.#risingWords(at, start);
      if (count < SAMPLE && start - (at + count * 4) >= 8) continue;
      // The following words may continue the rise by chance.
      for (let groups = count; groups > Math.max(0, count - 3); groups--) {
        const found = this.#namesBefore(at, groups);
        if (found) return found;
      }
    }
    return undefined;
  }

  /** Number of words from `at` on that rise like markers, by the length of 256 names. */
  #risingWords(at: number, end: number): number {
    let count = 1;
    for (; at + count * 4 < end; count++) {
      const step = this.#u32(at + count * 4) - this.#u32(at + count * 4 - 4);
      if (step < GROUP * 2 || step > GROUP * 128) break;
    }
    return count;
  }

  /** Tries every length that the names of the last, unmarked group can have. */
  #namesBefore(markers: number, groups: number): NameTables | undefined {
    const last = this.#u32(markers + (groups - 1) * 4);
    const nearest = markers - last - ((-last >>> 0) % 4);
    for (let names = nearest; names >= Math.max(8, nearest - GROUP * 128); names -= 4) {
      for (const numSyms of [names - 4, names - 8]) {
        const count = this.#u32(numSyms);
        if (count <= 0 || Math.ceil(count / GROUP) !== groups) continue;
        if (this.#namesAgree(names, markers, count)) return { numSyms, names, markers, count };
      }
    }
    return undefined;
  }

  /** Walks groups of names: each must end at the next marker, and the last at the markers. */
  #namesAgree(names: number, markers: number, count: number): boolean {
    const bytes = this.#bytes;
    const last = Math.ceil(count / GROUP) - 1;
    const stride = Math.max(1, Math.floor(last / SAMPLE));
    for (let group = last; group >= 0; group -= stride) {
      let at = names + this.#u32(markers + group * 4);
      for (let i = group * GROUP; i < Math.min(count, (group + 1) * GROUP); i++) {
        const length = bytes[at++] ?? 0;
        const whole = length < 128 ? length : (length & 127) | ((bytes[at++] ?? 0) << 7);
        if (whole === 0 || whole > MAX_ENTRY) return false;
        at += whole;
        if (at > markers) return false;
      }
      const next = group === last ? markers : names + this.#u32(markers + group * 4 + 4);
      if (group === last ? next - at >= 8 : next !== at) return false;
    }
    return true;
  }

  #offsetsBehind({ count }: NameTables): Offsets | undefined {
    const end = this.#tokens.index + TOKEN_INDEX_BYTES;
    for (const at of new Set([this.#aligned(end, 4n), this.#aligned(end, 8n)])) {
      const base = this.#aligned(at + count * 4, BigInt(this.#wordBytes));
      if (this.#isBase(base) && this.#sorted(at, count)) return { at, base };
      if (this.#sortedInPlace(at, count)) return { at };
    }
    return undefined;
  }

  #offsetsBefore({ numSyms, count }: NameTables): Offsets | undefined {
    const base = numSyms - this.#wordBytes;
    if (!this.#isBase(base)) return undefined;
    for (const at of [base - count * 4, base - count * 4 - 4]) {
      if (this.#virtual(at) % 4n === 0n && this.#sorted(at, count)) return { at, base };
    }
    return undefined;
  }

  #aligned(at: number, to: bigint): number {
    return at + Number(-this.#virtual(at) & (to - 1n));
  }

  #isBase(at: number): boolean {
    if (at < 0 || at + 8 > this.#bytes.length) return false;
    const base =
      this.#wordBytes === 8 ? this.#view.getBigUint64(at, this.#tokens.littleEndian) : BigInt(this.#u32(at));
    const distance = base - this.#address;
    return distance > -IMAGE_REACH && distance < IMAGE_REACH + BigInt(this.#bytes.length);
  }

  /** Rising distances; or rising absolute ones followed by falling negative ones. */
  #sorted(at: number, count: number): boolean {
    if (at < 0 || at + count * 4 > this.#bytes.length) return false;
    let rising = true;
    let perCpu = true;
    const stride = Math.ceil(count / MANY_SAMPLES);
    for (let i = stride; i < count && (rising || perCpu); i += stride) {
      const before = this.#u32(at + (i - stride) * 4);
      const here = this.#u32(at + i * 4);
      if (here < before) rising = false;
      const wrong = here < 2 ** 31 ? here < before : before >= 2 ** 31 && here > before;
      if (wrong) perCpu = false;
    }
    return (rising || perCpu) && this.#u32(at) !== this.#u32(at + count * 4 - 4);
  }

  #sortedInPlace(at: number, count: number): boolean {
    if (at < 0 || at + count * 4 > this.#bytes.length) return false;
    let before = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i += Math.ceil(count / MANY_SAMPLES)) {
      const here = (this.#u32(at + i * 4) | 0) + i * 4;
      if (here < before) return false;
      before = here;
    }
    return true;
  }

  /** The order by name: every number below `count` once. */
  #seqs({ markers, count }: NameTables, offsets: Offsets): number | undefined {
    const behindOffsets =
      offsets.base === undefined ? offsets.at + count * 4 : offsets.base + this.#wordBytes;
    const behindMarkers = markers + Math.ceil(count / GROUP) * 4;
    for (const start of [behindOffsets, behindMarkers]) {
      for (const at of new Set([this.#aligned(start, 4n), this.#aligned(start, 8n)])) {
        if (this.#isPermutation(at, count)) return at;
      }
    }
    return undefined;
  }

  #isPermutation(at: number, count: number): boolean {
    if (at < 0 || at + count * 3 > this.#bytes.length) return false;
    const seen = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const index = this.#bytes.readUIntBE(at + i * 3, 3);
      if (index >= count || seen[index] === 1) return false;
      seen[index] = 1;
    }
    return true;
  }
}

interface Offsets {
  readonly at: number;
  readonly base?: number;
}
