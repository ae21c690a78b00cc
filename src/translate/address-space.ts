import type { PhysAddr, VirtAddr } from '../core/address.ts';
import { type DataModel, StructView } from '../core/data-model.ts';
import { FaultError } from '../core/errors.ts';
import type { PhysicalMemory, VirtualSegments } from '../sources/image-format.ts';
import type { PageWalker } from './page-walk.ts';

const latin1 = new TextDecoder('latin1');

/**
 * The kernel's virtual memory: through the source itself where it can read virtual addresses, through the page tables
 * elsewhere.
 */
export class AddressSpace {
  readonly walker: PageWalker;
  readonly memory: PhysicalMemory;
  readonly #segments: VirtualSegments | undefined;

  constructor(memory: PhysicalMemory, walker: PageWalker, segments?: VirtualSegments) {
    this.memory = memory;
    this.walker = walker;
    this.#segments = segments;
  }

  /** Reads from the source by virtual address and returns the number of bytes filled; 0 where it has none. */
  direct(address: VirtAddr, target: Uint8Array): number {
    return this.#segments?.readInto(address, target) ?? 0;
  }

  /** Whether `direct` returns zeros for what it cannot read. */
  get zeroFills(): boolean {
    return this.#segments?.zeroFills === true;
  }

  /** Fills `target` from virtual `address` on. Throws FaultError at the first missing byte. */
  readInto(address: VirtAddr, target: Uint8Array, what?: string): void {
    let done = this.direct(address, target);
    while (done < target.length) {
      const at = address + BigInt(done);
      const { physical, pageSize, steps, reason } = this.walker.walk(at);
      if (physical === undefined) {
        const last = steps.at(-1);
        throw new FaultError({
          address: at,
          space: 'virtual',
          reason: reason ?? 'not-mapped',
          level: last?.level,
          entry: last?.entry,
          what,
        });
      }
      const inPage = pageSize - (physical % pageSize);
      const want = Math.min(inPage, target.length - done);
      const got = this.memory.readInto(physical, target.subarray(done, done + want));
      if (got < want) throw this.#missing(at + BigInt(got), physical + got, what);
      done += got;
    }
  }

  /** `length` bytes from `address` on. Throws FaultError. */
  read(address: VirtAddr, length: number, what?: string): Uint8Array {
    const target = new Uint8Array(length);
    this.readInto(address, target, what);
    return target;
  }

  /** The data model of the kernel. */
  get model(): DataModel {
    return this.walker.tables.architecture;
  }

  /** A view of `length` bytes from `address` on, to read members from. Throws FaultError. */
  readStruct(address: VirtAddr, length: number, what?: string): StructView {
    return new StructView(this.read(address, length, what), this.model);
  }

  /** The `unsigned long` or pointer at `address`. Throws FaultError. */
  readWord(address: VirtAddr, what?: string): bigint {
    return this.readStruct(address, this.model.wordBytes, what).word(0);
  }

  /** The NUL-terminated text at `address`, at most `most` characters. Throws FaultError. */
  readString(address: VirtAddr, most = 256, what?: string): string {
    let bytes = new Uint8Array(0);
    const page = this.walker.smallestPage;
    while (bytes.length < most) {
      // read up to the end of the page only, since the next page may be missing
      const room = page - Number((address + BigInt(bytes.length)) & BigInt(page - 1));
      const part = this.read(address + BigInt(bytes.length), Math.min(room, 64, most - bytes.length), what);
      const end = part.indexOf(0);
      const text = end < 0 ? part : part.subarray(0, end);
      const longer = new Uint8Array(bytes.length + text.length);
      longer.set(bytes);
      longer.set(text, bytes.length);
      bytes = longer;
      if (end >= 0) break;
    }
    return latin1.decode(bytes);
  }

  #missing(address: VirtAddr, physical: PhysAddr, what: string | undefined): FaultError {
    const { state } = this.memory.runAt(physical);
    return new FaultError({
      address,
      space: 'virtual',
      reason: state === 'present' ? 'unreadable' : state,
      what,
    });
  }
}
