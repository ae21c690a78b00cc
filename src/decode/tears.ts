import type { Pfn } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { pageTypeDecoder } from './page-type.ts';

/** A contradiction between struct pages, as indices into the pages that were read. */
export interface Tear {
  /** The pages to re-read. */
  readonly read: Range;
  /** The pages that cannot be trusted if the contradiction persists. */
  readonly doubt: Range;
}

/** Finds contradictions. `bytes` are struct pages from `start` on; state 0 means that a page was read. */
export type FindTears = (start: Pfn, bytes: Uint8Array, states: Uint8Array) => Tear[];

/** No folio or free block of any kernel has more pages: a larger order is the result of a torn read. */
const MAX_ORDER = 18;

/**
 * Compiles the test for a kernel: the head of a tail is a head, and its folio reaches that far; the pages that a head
 * claims are its tails; the pages of a free block have no references. The kernel's own snapshot_page() checks the first
 * (mm/util.c, since 6.17).
 */
export function tearFinder(layout: PageLayout, model: MemoryModel): FindTears {
  const { offsets, size, order } = layout;
  const stride = size >>> 2;
  const headMask = bitMask(layout.flags.bits.get('head'));
  const types = pageTypeDecoder(layout);
  const free = types.code('buddy');
  // a page that is not mapped has a map count of -1; types are below it
  const buddy = (value: number): boolean => (value | 0) < -1 && types.decode(value | 0) === free;
  // only the first struct page in a page of the array can be a second mapping of a head (hugetlb vmemmap optimisation)
  const fakeEvery = 2 ** model.pageShift / size;
  const headOf = headFinder(layout, model);
  const link = offsets.compound >>> 2;
  const flags = offsets.flags >>> 2;
  const count32 = offsets.refcount >>> 2;
  const word = offsets.mapcount >>> 2;
  const priv = offsets.private >>> 2;

  return (start, bytes, states) => {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    const count = Math.floor(words.length / stride);
    const tears: Tear[] = [];
    const ok = (i: number): boolean => states[i] === 0;
    const isTail = (i: number): boolean => (words[i * stride + link]! & 1) === 1;
    const tailHead = (i: number): number =>
      headOf(start + i, words[i * stride + link]!, words[i * stride + link + 1]!) - start;
    /** A page with the head flag whose next page is a tail of another head: a second mapping of that head. */
    const isFake = (i: number): boolean =>
      (start + i) % fakeEvery === 0 &&
      !layout.tailMayBeMask &&
      (i + 1 >= count || !ok(i + 1) || (isTail(i + 1) && tailHead(i + 1) !== i));
    const orderOf = (i: number): number => {
      const at = (i + 1) * stride;
      if (order.kind === 'flags') return i + 1 < count && ok(i + 1) ? words[at + flags]! & 0xff : 0;
      const byte = i * size + order.offset;
      return byte < bytes.length ? bytes[byte]! : 0;
    };
    for (let i = 0; i < count; ) {
      if (states[i] !== 0) {
        i++;
        continue;
      }
      const at = i * stride;
      if (words[at + link]! & 1) {
        // the tails of each head are skipped with it: the head of this tail is before the block, or contradicts it
        const head = tailHead(i);
        if (head >= 0) tears.push({ read: spanOf(head, i, count), doubt: { start: i, end: i + 1 } });
        i++;
        continue;
      }
      if (words[at + flags]! & headMask) {
        if (isFake(i)) {
          i++;
          continue;
        }
        const wide = orderOf(i);
        const end = wide > MAX_ORDER ? i + 1 : Math.min(count, i + 2 ** wide);
        let reached = i + 1;
        while (reached < end && ok(reached) && belongs(reached, i)) reached++;
        if (wide > MAX_ORDER || (reached < end && ok(reached)))
          tears.push({ read: { start: i, end: Math.max(end, i + 2) }, doubt: { start: i, end: reached } });
        i = reached;
        continue;
      }
      if (buddy(words[at + word]!)) {
        const wide = words[at + priv]!;
        const end = wide > MAX_ORDER ? i + 1 : Math.min(count, i + 2 ** wide);
        let reached = i + 1;
        while (reached < end && ok(reached) && isFree(reached)) reached++;
        if (wide > MAX_ORDER || (reached < end && ok(reached)))
          tears.push({ read: { start: i, end: Math.max(end, i + 1) }, doubt: { start: i, end: i + 1 } });
        i = reached;
        continue;
      }
      i++;
    }
    return tears;

    function belongs(i: number, head: number): boolean {
      if (isTail(i)) return tailHead(i) === head;
      return (words[i * stride + flags]! & headMask) !== 0 && (start + i) % fakeEvery === 0 && isFake(i);
    }

    function isFree(i: number): boolean {
      return !isTail(i) && words[i * stride + count32] === 0 && !buddy(words[i * stride + word]!);
    }
  };
}

function spanOf(head: number, tail: number, count: number): Range {
  const near = head >= 0 && head < count && Math.abs(head - tail) < 2 ** MAX_ORDER;
  return near
    ? { start: Math.min(head, tail), end: Math.max(head, tail) + 1 }
    : { start: tail, end: tail + 1 };
}

function bitMask(bit: number | undefined): number {
  return bit === undefined ? 0 : 1 << bit;
}

/** The pfn of the head that a tail names in the two halves of its compound word; its own pfn if it names none. */
function headFinder(layout: PageLayout, model: MemoryModel): (pfn: Pfn, low: number, high: number) => Pfn {
  const { size, tailMayBeMask } = layout;
  const log = Math.log2(size);
  const { base } = model;
  const baseHigh = Number((base ?? 0n) >> 32n);
  const baseLow = Number((base ?? 0n) & 0xffffffffn);
  return (pfn, low, high) => {
    if (tailMayBeMask && high === 0xffffffff && Number.isInteger(log)) {
      const pages = 2 ** (31 - Math.clz32(low & ~1 & -(low & ~1)) - log);
      return Math.floor(pfn / pages) * pages;
    }
    if (base === undefined) return model.pfnOf((BigInt(high) << 32n) | BigInt((low & ~1) >>> 0)) ?? pfn;
    const bytes = (high - baseHigh) * 2 ** 32 + ((low & ~1) >>> 0) - baseLow;
    return bytes >= 0 && bytes % size === 0 ? bytes / size : pfn;
  };
}
