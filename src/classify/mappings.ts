import type { Pfn, VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { pointerOf, type XarrayEntry, xarrayLoad } from '../objects/xarray.ts';
import type { Machine } from './claimant.ts';
import { classCode } from './classes.ts';

/** Symbols of address_space_operations that tell what is cached. */
const OPERATIONS: readonly (readonly [symbol: string, name: string, subclass?: string])[] = [
  ['shmem_aops', 'shmem'],
  ['secretmem_aops', 'secretmem'],
  ['ram_aops', 'file', 'ramfs'],
];
export const MAPPING_SYMBOLS: readonly string[] = [...OPERATIONS.map(([symbol]) => symbol), 'modules'];

/** What the struct page of a cached page tells. */
export interface CachedPage {
  readonly lru: boolean;
  readonly head: boolean;
  readonly swapbacked: boolean;
}

/** The targets of `mapping` words; each address_space is examined once. */
export class Mappings {
  readonly #machine: Machine;
  readonly #operations: Map<VirtAddr, number> = new Map();
  /** The code of each address_space; undefined if it cannot be read. */
  readonly #files: Map<VirtAddr, number | undefined> = new Map();
  readonly #movable: Map<VirtAddr, number | undefined> = new Map();
  readonly #file: number = classCode('file');
  readonly #shmem: number = classCode('shmem');
  readonly #hugeShmem: number = classCode('shmem', 'huge');
  #last: VirtAddr = 0n;
  #lastCode: number | undefined;
  /** The first problem, for the report. */
  trouble: string | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
    try {
      for (const [symbol, name, subclass] of OPERATIONS) {
        const address = machine.objects.findSymbol(symbol);
        if (address !== undefined) this.#operations.set(address, classCode(name, subclass));
      }
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      this.trouble = error.message;
    }
  }

  /**
   * The class of a page whose mapping is an address_space; undefined if the address_space does not have it: drivers also
   * set `mapping` of pages that they map to processes.
   */
  file(mapping: VirtAddr, index: number, pfn: Pfn, page: CachedPage): number | undefined {
    const { lru, head, swapbacked } = page;
    const code = mapping === this.#last ? this.#lastCode : this.#codeOf(mapping, swapbacked);
    this.#last = mapping;
    this.#lastCode = code;
    if (code === undefined) return lru ? (swapbacked ? this.#shmem : this.#file) : undefined;
    if (!lru && !this.#isCached(mapping, index, pfn)) return undefined;
    return head && code === this.#shmem ? this.#hugeShmem : code;
  }

  /** The class of a page that its driver can move; undefined if the driver is unknown. */
  movable(mapping: VirtAddr): number | undefined {
    if (this.#movable.has(mapping)) return this.#movable.get(mapping);
    const code = this.#tried(() => this.#driverOf(mapping));
    this.#movable.set(mapping, code);
    return code;
  }

  /**
   * Whether swap backs an address_space: of pages that are not anonymous, only shmem has it. Used if the operations are
   * unknown. Undefined if the address_space cannot be read.
   */
  #codeOf(mapping: VirtAddr, swapbacked: boolean): number | undefined {
    if (this.#files.has(mapping)) return this.#files.get(mapping);
    const code = this.#tried(() => {
      const operations = this.#machine.objects.struct('address_space').word(mapping, 'a_ops');
      return this.#operations.get(operations) ?? (swapbacked ? this.#shmem : this.#file);
    });
    this.#files.set(mapping, code);
    return code;
  }

  #isCached(mapping: VirtAddr, index: number, pfn: Pfn): boolean {
    const { objects, model } = this.#machine;
    const isCached = this.#tried(() => {
      const tree = objects.struct('address_space').at(mapping, ['i_pages', 'page_tree']);
      const entry: XarrayEntry = { index, span: 1, entry: xarrayLoad(objects, tree, index) };
      return entry.entry !== 0n && pointerOf(entry) === model.addressOf(pfn);
    });
    return isCached ?? false;
  }

  /** The result of `look`; undefined if it cannot be read, and the first such problem is recorded. */
  #tried<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      this.trouble ??= error.message;
      return undefined;
    }
  }

  /** Until 5.19 `mapping` of a movable page is an address_space, later its operations; both are in the module. */
  #driverOf(mapping: VirtAddr): number | undefined {
    const { objects, moduleOf } = this.#machine;
    const direct = moduleOf(mapping);
    const name = direct ?? moduleOf(objects.struct('address_space').word(mapping, 'a_ops'));
    return name === 'zsmalloc'
      ? classCode('zsmalloc')
      : name === 'virtio_balloon'
        ? classCode('balloon')
        : undefined;
  }
}
