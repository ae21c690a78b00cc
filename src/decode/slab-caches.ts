import { word } from '../core/address.ts';
import { FaultError } from '../core/errors.ts';
import type { AddressSpace } from '../translate/address-space.ts';

/** Codes have 16 bits; only damaged memory has as many caches. */
const MAX_NAMES = 65535;
const TOO_MANY = 'one of too many caches';

/** Names of slab caches by the address of their struct kmem_cache; each is read once. */
export class SlabCaches {
  /** names[code]; code 0 means none. */
  readonly names: string[] = [''];
  /** Number of caches without a readable name; their address serves as the name. */
  unreadable = 0;
  readonly #codes: Map<number, number> = new Map();
  readonly #byName: Map<string, number> = new Map();
  readonly #space: AddressSpace;
  readonly #nameAt: number | undefined;

  /** `nameAt` is the offset of kmem_cache.name; undefined if unknown. */
  constructor(space: AddressSpace, nameAt: number | undefined) {
    this.#space = space;
    this.#nameAt = nameAt;
  }

  /** The code of the cache at an address given in two halves; 0 for a null pointer. */
  code(low: number, high: number): number {
    if (low === 0 && high === 0) return 0;
    // 52 bits distinguish caches: the top 12 bits of a kernel address are all ones
    const key = (high & 0xfffff) * 4294967296 + low;
    let code = this.#codes.get(key);
    if (code === undefined) {
      const name = this.names.length < MAX_NAMES ? this.#name(word(low, high)) : TOO_MANY;
      code = this.#byName.get(name);
      if (code === undefined) {
        code = this.names.push(name) - 1;
        this.#byName.set(name, code);
      }
      this.#codes.set(key, code);
    }
    return code;
  }

  #name(address: bigint): string {
    try {
      if (this.#nameAt !== undefined) {
        const text = this.#space.readWord(address + BigInt(this.#nameAt), 'kmem_cache.name');
        const name = this.#space.readString(text, 256, 'name of a slab cache');
        if (/^[\x21-\x7e][\x20-\x7e]*$/.test(name)) return name;
      }
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
    }
    this.unreadable++;
    return `0x${address.toString(16)}`;
  }
}
