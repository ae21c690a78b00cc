import { type Address, Loops } from '../../loops/loops.ts';
import type { Column } from '../../table/column.ts';
import type { Compress } from './compress.ts';
import { PAGE_ROWS } from './format.ts';

/** Rows of one column of a batch. */
export interface Slice {
  readonly column: Column;
  readonly from: number;
  readonly to: number;
}

/** What a page takes at the most: its values as they are, levels, and headers of runs. */
const MOST_BODY = PAGE_ROWS * 9 + 65536;
/** A block of values that deltas are packed of. */
const BLOCK_BYTES = 1024;
/** What is read and written behind the last value. */
const SPARE = 64;

const unused = (): never => {
  throw new Error('an encoder asks for no pages');
};

/** The memory in which pages of all columns of a thread are encoded, one after the other. */
export class Workspace {
  readonly loops: Loops = new Loops({ readHead: unused, pfnOf: unused, slabCache: unused });
  readonly compress: Compress;
  /** What a column has for each row, as it comes: 8 bytes each, or two times 4. */
  readonly low: number = this.loops.allocate(PAGE_ROWS * 8 + SPARE);
  readonly high: number = this.loops.allocate(PAGE_ROWS * 4 + SPARE);
  readonly empty: number = this.loops.allocate(PAGE_ROWS + SPARE);
  /** A byte a row: 1 if it has a value. */
  readonly levels: number = this.loops.allocate(PAGE_ROWS + SPARE);
  /** Values as words of 64 bits, and as codes of 32 bits. */
  readonly words: number = this.loops.allocate(PAGE_ROWS * 8 + SPARE);
  readonly codes: number = this.loops.allocate(PAGE_ROWS * 4 + SPARE);
  readonly scratch: number = this.loops.allocate(BLOCK_BYTES);
  readonly body: number = this.loops.allocate(MOST_BODY);

  #large: { at: Address; room: number } = { at: 0, room: 0 };

  constructor(codec: (loops: Loops) => Compress) {
    this.compress = codec(this.loops);
  }

  /** Copies bytes, however many, to the memory of the loops; they stay until the next are. */
  put(bytes: Uint8Array): Address {
    const { length } = bytes;
    if (length > this.#large.room) this.#large = { at: this.loops.allocate(2 * length), room: 2 * length };
    this.loops.bytes(this.#large.at, length).set(bytes);
    return this.#large.at;
  }

  /** Copies which rows of a slice are empty to the memory of the loops; 0 if none is. */
  putEmpty({ column, from, to }: Slice): number {
    if (!column.empty) return 0;
    this.loops.bytes(this.empty, to - from).set(column.empty.subarray(from, to));
    return this.empty;
  }
}
