import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import type { MemoryModel } from './memory-model.ts';

/** A struct page_ext with the data of all its users is no larger. */
const MOST_BYTES = 4096;

/**
 * Which pages are idle, a byte per pfn, by the bits that 32-bit kernels keep in struct page_ext for lack of page flags (mm/page_ext.c, with
 * FLATMEM). Undefined if the kernel has no such bits. Throws FaultError if they cannot be read.
 */
export function idlePages(kernel: Kernel, types: TypeFacts, model: MemoryModel): Uint8Array | undefined {
  if (model.kind !== 'FLATMEM') return undefined;
  const bit = types.enumerators('page_ext_flags')?.get('PAGE_EXT_IDLE');
  const member = types.place('pglist_data', 'node_page_ext');
  const flags = types.place('page_ext', 'flags');
  const node = kernel.symbol('contig_page_data');
  if (bit === undefined || !member || !flags || node === undefined) return undefined;
  const variable = kernel.symbol('page_ext_size');
  const array = kernel.space.readWord(node + BigInt(member.offset), 'contig_page_data.node_page_ext');
  if (variable === undefined || array === 0n) return undefined;
  const size = Number(kernel.space.readWord(variable, 'page_ext_size'));
  if (size < flags.size || size > MOST_BYTES) return undefined;
  const start = types.place('pglist_data', 'node_start_pfn')?.offset ?? 0;
  const first = Number(kernel.space.readWord(node + BigInt(start), 'contig_page_data.node_start_pfn'));
  const orders = types.place('zone', 'free_area')?.length ?? 1;
  // the entries begin with a whole block of the largest order
  const begin = Math.floor(first / 2 ** (orders - 1)) * 2 ** (orders - 1);
  const idle = new Uint8Array(model.present.at(-1)?.end ?? 0);
  for (const range of model.present) {
    const at = array + BigInt((range.start - begin) * size);
    const view = kernel.space.readStruct(at, (range.end - range.start) * size, 'page_ext');
    for (let pfn = range.start; pfn < range.end; pfn++) {
      if (view.bit((pfn - range.start) * size + flags.offset, Number(bit))) idle[pfn] = 1;
    }
  }
  return idle;
}
