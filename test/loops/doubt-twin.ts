import type { Pfn } from '../../src/core/address.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import type { MemoryModel } from '../../src/memmap/memory-model.ts';
import { PAGE_STATES, type PageReader, type RawPages } from '../../src/memmap/page-reader.ts';

const OK = 0;
const ABSENT = PAGE_STATES.indexOf('absent');

/** The pages of a batch that cannot be what they say, one by one: zeros, and tails without a head. */
export function doubtful(layout: PageLayout, reader: PageReader, raw: RawPages): number[] {
  const { size, offsets, flags } = layout;
  const head = flags.bits.get('head');
  const view = new DataView(raw.bytes.buffer, raw.bytes.byteOffset, raw.count * size);
  const states = raw.states.slice();
  const isHead = (bytes: DataView, at: number): boolean =>
    head === undefined || ((bytes.getUint32(at + offsets.flags, true) >>> head) & 1) === 1;
  const found: number[] = [];
  for (let i = 0; i < raw.count; i++) {
    if (states[i] !== OK) continue;
    const link = view.getBigUint64(i * size + offsets.compound, true);
    let bad: boolean;
    if ((link & 1n) === 0n) bad = raw.bytes.subarray(i * size, (i + 1) * size).every((b) => b === 0);
    else {
      const owner = ownerOf(layout, reader.model, raw.start + i, link);
      const index = owner === undefined ? -1 : owner - raw.start;
      if (owner === undefined || owner >= raw.start + i) bad = true;
      else if (index >= 0) bad = states[index] === OK && !isHead(view, index * size);
      else {
        const there = reader.read(owner, 2);
        const bytes = new DataView(there.bytes.buffer, there.bytes.byteOffset);
        bad = there.readable === 2 ? !isHead(bytes, 0) : there.states[0] === ABSENT;
      }
    }
    if (!bad) continue;
    states[i] = PAGE_STATES.indexOf('doubtful');
    found.push(i);
  }
  return found;
}

/** The head that a compound word names, by a pointer or by a mask. */
function ownerOf(layout: PageLayout, model: MemoryModel, pfn: Pfn, link: bigint): Pfn | undefined {
  const word = link - 1n;
  if (layout.tailMayBeMask && link >> 32n === 0xffffffffn) {
    const pages = BigInt.asUintN(64, -word) / BigInt(layout.size);
    const isMask = word !== 0xffffffff00000000n && (-word & (-word - 1n) & 0xffffffffffffffffn) === 0n;
    if (isMask) return pages === 0n ? undefined : Number(BigInt(pfn) & -pages);
  }
  const owner = model.pfnOf(word);
  return owner !== undefined && model.addressOf(owner) === word ? owner : undefined;
}
