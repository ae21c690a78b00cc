import { x86_64 } from '../../src/arch/x86_64.ts';
import { bytesSource } from '../../src/core/bytes.ts';
import { piecesMemory } from '../../src/sources/pieces.ts';
import { PageWalker } from '../../src/translate/page-walk.ts';

const SIZES: Record<string, number> = { '4K': 12, '2M': 21, '1G': 30 };

/**
 * Page tables from text, a mapping a line: `0xffffffff81000000 -> 0x1000000 2M`. Tables are laid out from physical 0x1000
 * on, the root first, in `pages` pages of memory.
 */
export function pageTables(
  mode: '4-level' | '5-level',
  text: string,
  ignoredBits = 0n,
): {
  readonly walker: PageWalker;
  readonly memory: DataView;
} {
  const bytes = new Uint8Array(256 * 4096);
  const memory = new DataView(bytes.buffer);
  const paging = x86_64.pagingModes.find((m) => m.name === mode)!;
  let free = 0x2000;
  for (const line of text.split('\n')) {
    const match = /(0x[0-9a-f]+) -> (0x[0-9a-f]+) (4K|2M|1G)/.exec(line);
    if (!match) continue;
    const address = BigInt(match[1]!);
    const leaf = SIZES[match[3]!]!;
    let table = 0x1000;
    for (const level of paging.levels) {
      const index = Number((address >> BigInt(level.shift)) & 511n);
      const at = table + index * 8;
      if (level.shift === leaf) {
        const large = level.shift > 12 ? 0x80n : 0n;
        memory.setBigUint64(at, BigInt(match[2]!) | 1n | large | ignoredBits, true);
        break;
      }
      if (memory.getBigUint64(at, true) === 0n) {
        memory.setBigUint64(at, BigInt(free) | 0x63n | ignoredBits, true);
        free += 4096;
      }
      table = Number(memory.getBigUint64(at, true) & x86_64.entry.frame & ~ignoredBits);
    }
  }
  const physical = piecesMemory(bytesSource(bytes), [{ start: 0, end: bytes.length, offset: 0 }]);
  const walker = new PageWalker(physical, { architecture: x86_64, mode: paging, root: 0x1000, ignoredBits });
  return { walker, memory };
}
