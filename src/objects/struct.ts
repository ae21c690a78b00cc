import type { VirtAddr } from '../core/address.ts';
import { LayoutError } from '../core/errors.ts';
import type { Place, TypeFacts } from '../layout/type-facts.ts';
import type { KernelMemory } from './memory.ts';

/** A member, by its path or by all paths it has had, newest first: `flags.f`, or `['__parent', 'parent']`. */
export type Path = string | readonly string[];

/**
 * A struct or union with the kernel's own types. A path leads through members and anonymous unions, but not through
 * pointers, which must be read. Reading throws LayoutError for a member that the kernel lacks, and FaultError for missing
 * memory.
 */
export class Struct {
  readonly name: string;
  /** sizeof, in bytes. */
  readonly size: number;
  readonly #types: TypeFacts;
  readonly #memory: KernelMemory;
  readonly #places: Map<Path, Place | null> = new Map();

  constructor(name: string, size: number, types: TypeFacts, memory: KernelMemory) {
    this.name = name;
    this.size = size;
    this.#types = types;
    this.#memory = memory;
  }

  has(path: Path): boolean {
    return this.#find(path) !== null;
  }

  /** The place and size of a member, and its number of elements if it is an array. */
  place(path: Path): Place {
    const place = this.#find(path);
    if (place) return place;
    const names = typeof path === 'string' ? path : path.join(' or ');
    throw new LayoutError(`${this.name}.${names}`, `${this.#types.origin} has no such member`);
  }

  /** Offset of a member, in bytes. */
  offset(path: Path): number {
    return this.place(path).offset;
  }

  /** The address of a member of the struct at `base`. */
  at(base: VirtAddr, path: Path): VirtAddr {
    return base + BigInt(this.place(path).offset);
  }

  /** The address of the struct whose member is at `address`: container_of(). */
  container(address: VirtAddr, path: Path): VirtAddr {
    return address - BigInt(this.place(path).offset);
  }

  /** An integer or pointer member, unsigned; the bits of a bit field. */
  word(base: VirtAddr, path: Path): bigint {
    const { offset, size, bits } = this.place(path);
    const address = base + BigInt(offset);
    if (bits) {
      return (this.#memory.unsigned(address, size) >> BigInt(bits.shift)) & ((1n << BigInt(bits.width)) - 1n);
    }
    if (size === 8) return this.#memory.u64(address);
    return size <= 4 ? BigInt(this.#small(address, size)) : this.#memory.word(address);
  }

  /** Like `word`, for values that fit a double. */
  number(base: VirtAddr, path: Path): number {
    const { offset, size, bits } = this.place(path);
    if (bits || size > 4) return Number(this.word(base, path));
    return this.#small(base + BigInt(offset), size);
  }

  /** Like `number`, for signed members. */
  signed(base: VirtAddr, path: Path): number {
    const { size, bits } = this.place(path);
    return Number(BigInt.asIntN(bits ? bits.width : size * 8, this.word(base, path)));
  }

  /** The text in an array of characters. */
  text(base: VirtAddr, path: Path): string {
    const { offset, size } = this.place(path);
    return this.#memory.string(base + BigInt(offset), size);
  }

  #small(address: VirtAddr, size: number): number {
    if (size === 4) return this.#memory.u32(address);
    if (size === 2) return this.#memory.u16(address);
    if (size === 1) return this.#memory.u8(address);
    return Number(this.#memory.unsigned(address, size));
  }

  #find(path: Path): Place | null {
    let place = this.#places.get(path);
    if (place === undefined) {
      place = null;
      for (const name of typeof path === 'string' ? [path] : path) {
        place = this.#types.place(this.name, name) ?? null;
        if (place) break;
      }
      this.#places.set(path, place);
    }
    return place;
  }
}
