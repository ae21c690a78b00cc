import type { Pfn, VirtAddr } from '../core/address.ts';
import { hex } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { moduleFinder } from '../objects/modules.ts';
import type { Objects } from '../objects/objects.ts';
import { vmapAreas } from '../objects/vmap-areas.ts';

/** Maximum number of pages in an area. */
const MOST_PAGES = 2 ** 32;

/**
 * The callers of vmalloc(): vm_struct keeps the address of the caller for each area (mm/vmalloc.c). Kernels with
 * CONFIG_PAGE_OWNER would know the caller for all pages, but no Debian kernel has it.
 */
export class CallSites {
  /** Names by code; code 0 means none. */
  readonly names: string[] = [''];
  readonly #codes: Map<Pfn, number> = new Map();
  readonly #bySymbol: Map<string, number> = new Map();

  /** `pfnOf` returns the page frame of a struct page; `trouble` receives what cannot be read. */
  constructor(
    objects: Objects,
    pfnOf: (page: VirtAddr) => Pfn | undefined,
    trouble: (sentence: string) => void,
  ) {
    const symbolOf = symbols(objects);
    try {
      for (const { vm } of vmapAreas(objects)) {
        if (vm !== 0n) this.#add(objects, vm, symbolOf, pfnOf);
      }
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      trouble(`the areas of vmalloc cannot be read to the end: ${error.message}`);
    }
  }

  /** The code of a page's caller; 0 if unknown. */
  of(pfn: Pfn): number {
    return this.#codes.get(pfn) ?? 0;
  }

  #add(
    objects: Objects,
    vm: VirtAddr,
    symbolOf: (address: VirtAddr) => string,
    pfnOf: (page: VirtAddr) => Pfn | undefined,
  ): void {
    const type = objects.struct('vm_struct');
    const [caller, pages] = [type.word(vm, 'caller'), type.word(vm, 'pages')];
    const count = type.number(vm, 'nr_pages');
    if (caller === 0n || pages === 0n || count > MOST_PAGES) return;
    const symbol = symbolOf(caller);
    let code = this.#bySymbol.get(symbol);
    if (code === undefined) {
      code = this.names.push(symbol) - 1;
      this.#bySymbol.set(symbol, code);
    }
    const { memory } = objects;
    for (let i = 0; i < count; i++) {
      const page = memory.word(pages + BigInt(i * memory.format.wordBytes));
      const pfn = page === 0n ? undefined : pfnOf(page);
      if (pfn !== undefined) this.#codes.set(pfn, code);
    }
  }
}

/** Names of addresses in the kernel: `function+0x12`, or the address with its module. */
function symbols(objects: Objects): (address: VirtAddr) => string {
  const moduleOf = moduleFinder(objects);
  const known = new Map<VirtAddr, string>();
  const find = (address: VirtAddr): string => {
    const nearest = objects.kernel.kallsyms?.nearest(address);
    if (nearest) return `${nearest.name}+${hex(nearest.offset)}`;
    const module = moduleOf(address);
    return module === undefined ? hex(address) : `${hex(address)} [${module}]`;
  };
  return (address) => {
    let name = known.get(address);
    if (name === undefined) {
      name = find(address);
      known.set(address, name);
    }
    return name;
  };
}
