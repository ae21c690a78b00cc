import type { Pfn, VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { pointerOf, type XarrayEntry, xarrayLoad } from '../objects/xarray.ts';
import type { Machine } from './claimant.ts';
import { classCode } from './classes.ts';

/** address_space_operations that tell what is cached, by their symbols. */
const OPERATIONS: readonly (readonly [symbol: string, name: string, subclass?: string])[] = [
  ['shmem_aops', 'shmem'],
  ['secretmem_aops', 'secretmem'],
  ['ram_aops', 'file', 'ramfs'],
];
export const MAPPING_SYMBOLS: readonly string[] = [...OPERATIONS.map(([symbol]) => symbol), 'modules'];

/** What the struct page of a cached page says. */
export interface CachedPage {
  readonly lru: boolean;
  readonly head: boolean;
  readonly swapbacked: boolean;
}

/** What the `mapping` of pages leads to, each address_space looked at once. */
export class Mappings {
  readonly #machine: Machine;
  readonly #operations: Map<VirtAddr, number> = new Map();
  readonly #files: Map<VirtAddr, number> = new Map();
  readonly #movable: Map<VirtAddr, number | undefined> = new Map();
  readonly #file: number = classCode('file');
  readonly #shmem: number = classCode('shmem');
  readonly #hugeShmem: number = classCode('shmem', 'huge');
  #last: VirtAddr = 0n;
  #lastCode = 0;
  /** The first thing that could not be read, for the report. */
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
   * The class of a page whose mapping is an address_space; undefined if that does not have it: drivers set `mapping` of
   * pages that they map to processes, too.
   */
  file(mapping: VirtAddr, index: number, pfn: Pfn, page: CachedPage): number | undefined {
    const { lru, head, swapbacked } = page;
    try {
      const code = mapping === this.#last ? this.#lastCode : this.#codeOf(mapping, swapbacked);
      this.#last = mapping;
      this.#lastCode = code;
      if (!lru && !this.#isCached(mapping, index, pfn)) return undefined;
      return head && code === this.#shmem ? this.#hugeShmem : code;
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      this.trouble ??= error.message;
      return lru ? (swapbacked ? this.#shmem : this.#file) : undefined;
    }
  }

  /** The class of a page that its driver can move; undefined if the driver is not known. */
  movable(mapping: VirtAddr): number | undefined {
    if (this.#movable.has(mapping)) return this.#movable.get(mapping);
    let code: number | undefined;
    try {
      code = this.#driverOf(mapping);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      this.trouble ??= error.message;
    }
    this.#movable.set(mapping, code);
    return code;
  }

  /** Of what is not anonymous only shmem is backed by swap: that tells where the operations are not known. */
  #codeOf(mapping: VirtAddr, swapbacked: boolean): number {
    let code = this.#files.get(mapping);
    if (code === undefined) {
      const operations = this.#machine.objects.struct('address_space').word(mapping, 'a_ops');
      code = this.#operations.get(operations) ?? (swapbacked ? this.#shmem : this.#file);
      this.#files.set(mapping, code);
    }
    return code;
  }

  #isCached(mapping: VirtAddr, index: number, pfn: Pfn): boolean {
    const { objects, model } = this.#machine;
    const tree = objects.struct('address_space').at(mapping, ['i_pages', 'page_tree']);
    const entry: XarrayEntry = { index, entry: xarrayLoad(objects, tree, index) };
    return entry.entry !== 0n && pointerOf(entry) === model.addressOf(pfn);
  }

  /** Until 5.19 `mapping` of a movable page is an address_space, and later its operations; both lie in the module. */
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
