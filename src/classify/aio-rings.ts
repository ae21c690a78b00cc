import type { VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';
import { addressSpaces } from '../objects/tasks.ts';

const MOST_CONTEXTS = 65536;
const MOST_PAGES = 65536;

/** Finds the pages of the rings of asynchronous I/O: each kioctx points to their struct pages (fs/aio.c). */
export function* aioRingPages(
  objects: Objects,
): Generator<{ readonly page: VirtAddr; readonly context: VirtAddr; readonly at: VirtAddr }> {
  const mm = objects.struct('mm_struct');
  const table = objects.find('kioctx_table');
  const context = objects.find('kioctx');
  if (!mm.has('ioctx_table') || !table || !context) return;
  const { memory } = objects;
  const word = memory.format.wordBytes;
  for (const { mm: own } of addressSpaces(objects)) {
    const at = mm.word(own, 'ioctx_table');
    if (at === 0n) continue;
    const count = Math.min(table.number(at, 'nr'), MOST_CONTEXTS);
    for (let i = 0; i < count; i++) {
      const ring = memory.word(table.at(at, 'table') + BigInt(i * word));
      if (ring === 0n) continue;
      const pages = context.word(ring, ['ring_folios', 'ring_pages']);
      const all = Math.min(context.number(ring, 'nr_pages'), MOST_PAGES);
      for (let k = 0; k < all; k++) {
        const slot = pages + BigInt(k * word);
        const page = memory.word(slot);
        if (page !== 0n) yield { page, context: ring, at: slot };
      }
    }
  }
}
