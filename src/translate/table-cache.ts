import type { PagingLevel } from '../arch/architecture.ts';
import type { PhysAddr } from '../core/address.ts';
import type { FaultReason } from '../core/errors.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';

/** Maximum number of cached tables: 16 MiB at 4 KiB each. */
const MAX_TABLES = 4096;

/** A cache of page tables. Entries are 64-bit words, whatever their size and byte order in memory. */
export class TableCache {
  readonly #memory: PhysicalMemory;
  readonly #littleEndian: boolean;
  readonly #tables: Map<PhysAddr, BigUint64Array | FaultReason> = new Map();

  constructor(memory: PhysicalMemory, littleEndian: boolean) {
    this.#memory = memory;
    this.#littleEndian = littleEndian;
  }

  /** Forgets all tables, since they may have changed. */
  forget(): void {
    this.#tables.clear();
  }

  /** Entries `first` to `end` - 1 of the table at `table`, as far as they can be read, or the reason why they cannot. */
  entries(table: PhysAddr, level: PagingLevel, first: number, end: number): BigUint64Array | FaultReason {
    const at = table + first * level.entryBytes;
    const count = Math.min(end, 2 ** level.bits) - first;
    let entries = this.#tables.get(at);
    // damaged entries may claim different lengths for one table
    if (entries === undefined || (typeof entries !== 'string' && entries.length < count)) {
      if (this.#tables.size >= MAX_TABLES) this.#tables.clear();
      entries = this.#read(at, count, level.entryBytes);
      this.#tables.set(at, entries);
    }
    return entries;
  }

  #read(at: PhysAddr, count: number, entryBytes: 4 | 8): BigUint64Array | FaultReason {
    const bytes = Buffer.from(new ArrayBuffer(Math.max(0, count) * entryBytes));
    const got = this.#memory.readInto(at, bytes);
    if (got < bytes.length) {
      const { state } = this.#memory.runAt(at + got);
      return state === 'present' ? 'unreadable' : state;
    }
    if (!this.#littleEndian) {
      if (entryBytes === 8) bytes.swap64();
      else bytes.swap32();
    }
    return entryBytes === 8
      ? new BigUint64Array(bytes.buffer)
      : BigUint64Array.from(new Uint32Array(bytes.buffer), BigInt);
  }
}
