import { type Pfn, word } from '../core/address.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';

/** Folios and other compound pages, from the words of their struct pages. */
export class Compounds {
  readonly #layout: PageLayout;
  readonly #model: MemoryModel;
  readonly #reader: PageReader;
  readonly #words: number;
  readonly #headBit: number | undefined;

  constructor({
    layout,
    model,
    reader,
  }: { readonly layout: PageLayout; readonly model: MemoryModel; readonly reader: PageReader }) {
    this.#layout = layout;
    this.#model = model;
    this.#reader = reader;
    this.#words = layout.size / 4;
    this.#headBit = layout.flags.bits.get('head');
  }

  /** Whether the struct page at an index in an array of words is a tail. */
  isTail(words: Uint32Array | Int32Array, at: number): boolean {
    return (words[at + this.#layout.offsets.compound / 4]! & 1) === 1;
  }

  isHead(words: Uint32Array | Int32Array, at: number): boolean {
    const bit = this.#headBit;
    return bit !== undefined && ((words[at + this.#layout.offsets.flags / 4]! >>> bit) & 1) === 1;
  }

  /** The head of a tail: a pointer to its struct page, or since 7.1 a mask over the tail's own address. */
  headOf(words: Uint32Array | Int32Array, at: number, pfn: Pfn): Pfn | undefined {
    const to = at + this.#layout.offsets.compound / 4;
    const value = word(words[to]! >>> 0, words[to + 1]! >>> 0);
    const own = this.#model.addressOf(pfn);
    if (own === undefined) return undefined;
    if (this.#layout.tailMayBeMask && isMask(value)) return this.#model.pfnOf(own & (value & ~1n));
    return this.#model.pfnOf(value & ~1n);
  }

  /** The order of the compound page whose head is at an index; 0 if its first tail is not among these words. */
  orderOf(words: Uint32Array | Int32Array, at: number): number {
    const { order, offsets } = this.#layout;
    const next = at + this.#words;
    if (next + this.#words > words.length) return 0;
    if (order.kind === 'flags') return words[next + offsets.flags / 4]! & 0xff;
    const byte = at * 4 + order.offset;
    return (words[byte >> 2]! >>> ((byte & 3) * 8)) & 0xff;
  }

  /** The compound page that a page belongs to, or the page alone. Undefined if it cannot be read. */
  at(pfn: Pfn): { readonly head: Pfn; readonly pages: number } | undefined {
    const own = this.#read(pfn, 1);
    if (!own) return undefined;
    const head = this.isTail(own, 0) ? this.headOf(own, 0, pfn) : pfn;
    if (head === undefined || head > pfn) return undefined;
    const words = this.#read(head, 2) ?? this.#read(head, 1);
    if (!words) return undefined;
    if (!this.isHead(words, 0)) return head === pfn ? { head, pages: 1 } : undefined;
    const pages = 2 ** Math.min(this.orderOf(words, 0), 30);
    return pfn < head + pages ? { head, pages } : undefined;
  }

  #read(pfn: Pfn, count: number): Uint32Array | undefined {
    const raw = this.#reader.read(pfn, count);
    if (raw.count < count || raw.states.some((state, i) => i < count && state !== 0)) return undefined;
    return new Uint32Array(raw.bytes.buffer, raw.bytes.byteOffset, count * this.#words);
  }
}

/** All ones above some bit, and below it only the lowest bit. */
function isMask(value: bigint): boolean {
  const inverted = ~(value & ~1n) & 0xffffffffffffffffn;
  return inverted < 1n << 40n && (inverted & (inverted + 1n)) === 0n;
}
