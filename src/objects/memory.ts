import type { VirtAddr } from '../core/address.ts';
import { viewOf } from '../core/bytes.ts';
import { FaultError, type FaultReason } from '../core/errors.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import { ChainError } from './walk.ts';

/** The data model of a memory. */
export interface WordFormat {
  readonly littleEndian: boolean;
  /** Size of a pointer in bytes. */
  readonly wordBytes: 4 | 8;
  /** Size of the smallest page in bytes. */
  readonly pageSize: number;
}

/** Maximum number of cached blocks: 32 MiB with 4 KiB pages. */
const MAX_BLOCKS = 8192;
const LARGE = 0x200000n;
/** A page table entry that maps at least this much is cached as a whole. */
const LARGE_BYTES = 0x200000;

/**
 * How often a walk may move from one page to another: no kernel has more objects than this per page, plus 2^24 for small
 * memories. Damaged objects that share what is below them would otherwise be walked endlessly.
 */
const MOST_TURNS = 2 ** 24;
const MOST_TURNS_A_PAGE = 256;

/** A page of memory, or the reason why it is missing. */
type Block = DataView | FaultError;

/**
 * Kernel memory by virtual address, read in pages and cached: objects are close together, and each is read in many small
 * pieces. Large pages are translated once. Methods throw FaultError for missing memory.
 */
export class KernelMemory {
  readonly space: AddressSpace;
  readonly format: WordFormat;
  readonly #pageShift: bigint;
  readonly #offsetMask: number;
  readonly #blocks: Map<number, Block> = new Map();
  readonly #large: Map<number, number> = new Map();
  #lastKey = -1;
  #last: DataView | undefined;
  #turns = 0;
  #mostTurns = MOST_TURNS;
  /** Number of pages read from the source so far, for tests that nothing is read twice. */
  pagesRead = 0;

  constructor(space: AddressSpace, format: WordFormat) {
    this.space = space;
    this.format = format;
    this.#pageShift = BigInt(Math.log2(format.pageSize));
    this.#offsetMask = format.pageSize - 1;
  }

  /** Resets the count of reads. Methods throw ChainError if it exceeds what objects can need. */
  startAnew(): void {
    this.#turns = 0;
  }

  u8(address: VirtAddr): number {
    return this.#view(address).getUint8(this.#at(address));
  }

  u16(address: VirtAddr): number {
    const at = this.#at(address);
    if (at + 2 > this.format.pageSize) return Number(this.unsigned(address, 2));
    return this.#view(address).getUint16(at, this.format.littleEndian);
  }

  u32(address: VirtAddr): number {
    const at = this.#at(address);
    if (at + 4 > this.format.pageSize) return Number(this.unsigned(address, 4));
    return this.#view(address).getUint32(at, this.format.littleEndian);
  }

  i32(address: VirtAddr): number {
    return this.u32(address) | 0;
  }

  u64(address: VirtAddr): bigint {
    const at = this.#at(address);
    if (at + 8 > this.format.pageSize) return this.unsigned(address, 8);
    return this.#view(address).getBigUint64(at, this.format.littleEndian);
  }

  /** A pointer or an `unsigned long`. */
  word(address: VirtAddr): bigint {
    return this.format.wordBytes === 8 ? this.u64(address) : BigInt(this.u32(address));
  }

  /** An unsigned integer of up to 8 bytes, at any alignment. */
  unsigned(address: VirtAddr, size: number): bigint {
    const bytes = this.read(address, size);
    if (this.format.littleEndian) bytes.reverse();
    let value = 0n;
    for (const byte of bytes) value = (value << 8n) | BigInt(byte);
    return value;
  }

  /** A copy of `length` bytes. */
  read(address: VirtAddr, length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const view = this.#view(address + BigInt(done));
      const at = this.#at(address + BigInt(done));
      const part = Math.min(length - done, this.format.pageSize - at);
      out.set(new Uint8Array(view.buffer, view.byteOffset + at, part), done);
      done += part;
    }
    return out;
  }

  /** The text at `address` up to its NUL, one character per byte, at most `most`. */
  string(address: VirtAddr, most = 256): string {
    let text = '';
    for (let at = address; text.length < most; ) {
      const view = this.#view(at);
      const start = this.#at(at);
      const bytes = Buffer.from(view.buffer, view.byteOffset + start, this.format.pageSize - start);
      const end = bytes.indexOf(0);
      text += bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
      if (end >= 0) break;
      at += BigInt(bytes.length);
    }
    return text.slice(0, most);
  }

  /** The page that contains `address`. It is not a copy and must not be modified. */
  page(address: VirtAddr): DataView {
    return this.#view(address);
  }

  /** The physical address of a virtual one; undefined if it is not mapped. */
  physical(address: VirtAddr): number | undefined {
    const key = Number(BigInt.asUintN(64, address) / LARGE);
    const base = this.#large.get(key);
    if (base !== undefined) return base + Number(address & (LARGE - 1n));
    const { physical, pageSize } = this.space.walker.walk(address);
    if (physical !== undefined && pageSize >= LARGE_BYTES) {
      if (this.#large.size >= MAX_BLOCKS) this.#large.clear();
      this.#large.set(key, physical - Number(address & (LARGE - 1n)));
    }
    return physical;
  }

  #at(address: VirtAddr): number {
    return Number(BigInt.asUintN(32, address)) & this.#offsetMask;
  }

  #view(address: VirtAddr): DataView {
    const key = Number(BigInt.asUintN(64, address) >> this.#pageShift);
    if (key === this.#lastKey) return this.#last!;
    if (++this.#turns > this.#mostTurns) this.#allowMore(address);
    let block = this.#blocks.get(key);
    if (block === undefined) {
      if (this.#blocks.size >= MAX_BLOCKS) this.#forget();
      block = this.#load(BigInt.asUintN(64, address) & ~BigInt(this.#offsetMask));
      this.#blocks.set(key, block);
    }
    if (block instanceof FaultError) throw block;
    this.#lastKey = key;
    this.#last = block;
    return block;
  }

  /** A large memory has more objects. */
  #allowMore(address: VirtAddr): void {
    const bytes = this.space.memory.runs.reduce((sum, { start, end }) => sum + end - start, 0);
    this.#mostTurns = MOST_TURNS + MOST_TURNS_A_PAGE * Math.ceil(bytes / this.format.pageSize);
    if (this.#turns <= this.#mostTurns) return;
    throw new ChainError('kernel memory', address, this.#turns, 'there cannot be so many objects');
  }

  /** Drops the older half of the cache. */
  #forget(): void {
    let left = MAX_BLOCKS / 2;
    for (const key of this.#blocks.keys()) {
      if (left-- === 0) break;
      this.#blocks.delete(key);
    }
  }

  #load(start: VirtAddr): Block {
    const bytes = new Uint8Array(this.format.pageSize);
    this.pagesRead++;
    if (this.space.direct(start, bytes) === bytes.length) return viewOf(bytes);
    const physical = this.physical(start);
    if (physical === undefined) return fault(start, this.space.walker.walk(start).reason ?? 'not-mapped');
    const got = this.space.memory.readInto(physical, bytes);
    if (got === bytes.length) return viewOf(bytes);
    const { state } = this.space.memory.runAt(physical + got);
    return fault(start, state === 'present' ? 'unreadable' : state);
  }
}

function fault(address: VirtAddr, reason: FaultReason): FaultError {
  return new FaultError({ address, space: 'virtual', reason });
}
