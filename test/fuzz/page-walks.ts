import { ARCHITECTURES } from '../../src/arch/registry.ts';
import { bytesSource } from '../../src/core/bytes.ts';
import { piecesMemory } from '../../src/sources/pieces.ts';
import { PageWalker } from '../../src/translate/page-walk.ts';
import { mutateBytes } from './mutate.ts';
import type { Target } from './target.ts';

const PAGE = 4096;
const PAGES = 8;

/** Tables that lead to one another: a page each, every entry with the bits of a table or a leaf. */
function tables(bits: bigint): Uint8Array {
  const words = BigUint64Array.from(
    { length: PAGES * 512 },
    (_, i) => BigInt(((i * 7) % PAGES) * PAGE) | bits,
  );
  return new Uint8Array(words.buffer);
}

/** Page tables of every architecture: the first byte chooses, all is memory. */
export const pageWalks: Target<Uint8Array> = {
  name: 'page tables',
  weight: 10,
  seeds: [0x63n, 0xe3n, 0x3n, 0x703n, 0x1n, 0xcfn, 0n].map(tables),
  mutate: mutateBytes,
  run(input) {
    const memory = piecesMemory(bytesSource(input, 'input'), [{ start: 0, end: input.length, offset: 0 }]);
    const architecture = ARCHITECTURES[(input[0] ?? 0) % ARCHITECTURES.length]!;
    const seen: string[] = [];
    for (const mode of architecture.pagingModes) {
      const walker = new PageWalker(memory, { architecture, mode, root: 0, ignoredBits: 0n });
      for (const address of [0n, 0xffffffff81000000n, 0xffff888000000000n, 0x123456789000n]) {
        const { steps, physical, reason } = walker.walk(address);
        seen.push(`${steps.length} ${physical === undefined ? reason : 'mapped'}`);
        seen.push(`${walker.mappedRuns(address, 64 * PAGE).length}`);
      }
    }
    return seen.join();
  },
};
