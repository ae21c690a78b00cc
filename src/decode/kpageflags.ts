import type { Pfn } from '../core/address.ts';
import { locate } from '../core/ranges.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { PageReader, RawPages } from '../memmap/page-reader.ts';
import { FAKE_HEAD, type Folios, PLAIN, UNKNOWN_ORDER } from './folios.ts';
import type { KpageFacts } from './kpage-facts.ts';
import type { PageTypeDecoder } from './page-type.ts';

/** Number of pages of a large folio that are processed together. */
const PIECE = 4096;

/** Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h, include/linux/kernel-page-flags.h). */
export const KPF: Readonly<Record<string, number>> = {
  locked: 0,
  error: 1,
  referenced: 2,
  uptodate: 3,
  dirty: 4,
  lru: 5,
  active: 6,
  slab: 7,
  writeback: 8,
  reclaim: 9,
  buddy: 10,
  mmap: 11,
  anon: 12,
  swapcache: 13,
  swapbacked: 14,
  compound_head: 15,
  compound_tail: 16,
  huge: 17,
  unevictable: 18,
  hwpoison: 19,
  nopage: 20,
  ksm: 21,
  thp: 22,
  offline: 23,
  zero_page: 24,
  idle: 25,
  pgtable: 26,
  reserved: 32,
  mlocked: 33,
  mappedtodisk: 34,
  private: 35,
  private_2: 36,
  owner_private: 37,
  arch: 38,
  uncached: 39,
  softdirty: 40,
  arch_2: 41,
  arch_3: 42,
};

/** Names of the bits set in a word of /proc/kpageflags, lowest first; a bit without a name is `bit N`. */
export function kpageflagNames(word: bigint): string[] {
  const names = new Map(Object.entries(KPF).map(([name, bit]) => [bit, name]));
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => ((word >> BigInt(bit)) & 1n) === 1n)
    .map((bit) => names.get(bit) ?? `bit ${bit}`);
}

/** Flags that are copied unchanged, with their KPF bits. */
const COPIED: readonly (readonly [flag: string, kpf: string])[] = [
  ['locked', 'locked'],
  ['error', 'error'],
  ['dirty', 'dirty'],
  ['uptodate', 'uptodate'],
  ['writeback', 'writeback'],
  ['lru', 'lru'],
  ['referenced', 'referenced'],
  ['active', 'active'],
  ['reclaim', 'reclaim'],
  ['swapbacked', 'swapbacked'],
  ['unevictable', 'unevictable'],
  ['mlocked', 'mlocked'],
  ['uncached', 'uncached'],
  ['idle', 'idle'],
  ['reserved', 'reserved'],
  ['private', 'private'],
  ['private_2', 'private_2'],
  ['owner_priv_1', 'owner_private'],
  ['arch_1', 'arch'],
  ['arch_2', 'arch_2'],
  ['arch_3', 'arch_3'],
];

/** The values of a folio that apply to all of its pages. */
interface FolioSays {
  head: Pfn;
  flags: number;
  secondFlags: number;
  mapping: number;
  word: number;
  /** _entire_mapcount + 1 of a large folio. */
  entire: number;
  mapped: boolean;
}

/** /proc/kpageflags and /proc/kpagecount of each page of a batch, by the rules of its own kernel. */
export interface KpageColumns {
  /** The low and the high half of each page's word. */
  readonly flags: Uint32Array;
  readonly counts: Int32Array;
}

/** Computes the answers that the kernel would give (stable_page_flags(), kpagecount_read() of fs/proc/page.c). */
export class KpageDecoder {
  readonly #layout: PageLayout;
  readonly #reader: PageReader;
  readonly #types: PageTypeDecoder;
  readonly #facts: KpageFacts;
  readonly #copies: readonly (readonly [bit: number, low: number, high: number])[];
  readonly #device: number;
  #last: FolioSays | undefined;

  constructor(layout: PageLayout, reader: PageReader, types: PageTypeDecoder, facts: KpageFacts) {
    this.#layout = layout;
    this.#reader = reader;
    this.#types = types;
    this.#facts = facts;
    this.#device = layout.zones.indexOf('Device');
    const bits = layout.flags.bits;
    const copied = [...COPIED];
    // owner_2 has taken over the bit of mappedtodisk, in kpageflags too
    copied.push([bits.has('owner_2') ? 'owner_2' : 'mappedtodisk', 'mappedtodisk']);
    this.#copies = copied.flatMap(([flag, kpf]) => {
      const bit = bits.get(flag);
      const to = KPF[kpf]!;
      return bit === undefined ? [] : [[bit, to < 32 ? 1 << to : 0, to < 32 ? 0 : 1 << (to - 32)] as const];
    });
  }

  /** Forgets the folio of the previous page, since memory may have changed. */
  forget(): void {
    this.#last = undefined;
  }

  /** Writes both answers for a batch whose folios are known to `out`. */
  decode(raw: RawPages, folios: Folios, out: KpageColumns): void {
    const { count, start, states } = raw;
    out.flags.fill(0);
    out.counts.fill(0);
    const words = wordsOf(raw, this.#layout.size);
    const stride = this.#layout.size >>> 2;
    for (let i = 0; i < count; i++) {
      if (states[i] !== 0) continue;
      if (!this.#isOnline(start + i) || this.#isDevice(words, i * stride)) {
        out.flags[2 * i] = this.#facts.offline.low;
        continue;
      }
      this.#page(raw, words, i, i * stride, folios, out);
    }
  }

  #page(raw: RawPages, words: Uint32Array, i: number, at: number, folios: Folios, out: KpageColumns): void {
    const { offsets, flags } = this.#layout;
    const { era, ksmBug, zeroPfn, zeroPages, hugeZeroPfn } = this.#facts;
    const pfn = raw.start + i;
    const has = (word: number, name: string): boolean => {
      const bit = flags.bits.get(name);
      return bit !== undefined && ((word >>> bit) & 1) === 1;
    };
    const own = words[at + (offsets.flags >>> 2)]!;
    const ownWord = words[at + (offsets.mapcount >>> 2)]! | 0;
    const place = folios.place[i]!;
    // the kernel copies a fake head, which is then no longer at the start of a page, and takes it for a head
    const isTail = place !== PLAIN && !(place === FAKE_HEAD && era === 'snapshot');
    const large = place !== PLAIN || has(own, 'head');
    const folio = this.#folio(raw, words, folios, i, large);
    const type = folios.type[i]!;
    const slab = type !== 0 && type === this.#types.slab;
    const huge = large && type !== 0 && type === this.#types.hugetlb;
    const anon = (folio.mapping & 1) === 1;
    const source = era === 'page' ? own : folio.flags;
    let low = 0;
    let high = 0;
    const set = (name: string): void => {
      low |= 1 << KPF[name]!;
    };
    for (const [bit, l, h] of this.#copies) {
      if ((source >>> bit) & 1) {
        low |= l;
        high |= h;
      }
    }
    if (folio.mapped && !(era === 'page' && slab)) set('mmap');
    if (anon) {
      set('anon');
      if (ksmBug || (folio.mapping & 3) === 3) set('ksm');
    }
    if (isTail) set('compound_tail');
    else if (has(own, 'head')) set('compound_head');
    if (this.#facts.idle?.[folio.head] === 1) set('idle');
    if (huge) set('huge');
    else if (large && this.#isThp(folio, anon)) set('thp');
    else if (large && folio.head === hugeZeroPfn) {
      set('thp');
      set('zero_page');
    } else if (zeroPfn >= 0 && pfn >= zeroPfn && pfn < zeroPfn + zeroPages) set('zero_page');
    if (type !== 0 && this.#types.names[type] === 'buddy') set('buddy');
    const typeHere = era === 'snapshot' ? folio.word : ownWord;
    const name = this.#types.names[this.#types.decode(typeHere)];
    if (name === 'offline') set('offline');
    if (name === 'table') set('pgtable');
    if (slab) set('slab');
    if (has(folio.flags, 'swapbacked') && has(folio.flags, 'owner_priv_1')) set('swapcache');
    if (has(huge && era !== 'page' ? folio.flags : own, 'hwpoison')) set('hwpoison');
    out.flags[2 * i] = low;
    out.flags[2 * i + 1] = high;
    out.counts[i] = this.#count(ownWord, folio, large, slab, anon, huge);
  }

  /** kpagecount: the number of mappings of this very page. */
  #count(
    word: number,
    folio: FolioSays,
    large: boolean,
    slab: boolean,
    anon: boolean,
    huge: boolean,
  ): number {
    const typed = this.#types.isTyped(word);
    if (this.#facts.era !== 'page') return (typed ? 0 : word + 1) + (large ? folio.entire : 0);
    if (slab || typed) return 0;
    let count = word + 1;
    if (!large) return count;
    const counted = this.#layout.folio.nrPagesMapped !== undefined;
    // before 6.2 each page of a file folio counted all of its own mappings
    if (!counted && !anon && !huge) return count;
    count += folio.entire;
    const doubleMap = this.#layout.flags.bits.get('double_map');
    if (!counted && doubleMap !== undefined && (folio.secondFlags >>> doubleMap) & 1) count--;
    return count;
  }

  #isThp(folio: FolioSays, anon: boolean): boolean {
    const { bits } = this.#layout.flags;
    const rmappable = bits.get('large_rmappable');
    // since 6.11 a folio records that it is large; page types by byte appeared at the same time
    if (this.#facts.era !== 'page' && this.#layout.types.encoding === 'byte' && rmappable !== undefined) {
      return ((folio.secondFlags >>> rmappable) & 1) === 1;
    }
    const lru = bits.get('lru');
    return anon || (lru !== undefined && ((folio.flags >>> lru) & 1) === 1);
  }

  #folio(raw: RawPages, words: Uint32Array, folios: Folios, i: number, large: boolean): FolioSays {
    const { offsets, size } = this.#layout;
    const stride = size >>> 2;
    if (!large) {
      const at = i * stride;
      const word = words[at + (offsets.mapcount >>> 2)]! | 0;
      return {
        head: raw.start + i,
        flags: words[at + (offsets.flags >>> 2)]!,
        secondFlags: 0,
        mapping: words[at + (offsets.mapping >>> 2)]!,
        word,
        entire: 0,
        mapped: !this.#types.isTyped(word) && word >= 0,
      };
    }
    const head = folios.head[i]!;
    if (this.#last?.head === head) return this.#last;
    const index = head - raw.start;
    let from = words;
    let at = index * stride;
    const { entireMapcount = 0 } = this.#layout.folio;
    // 32-bit kernels have it in the third page, so a folio of two pages has none
    const needed = Math.max(2, Math.floor(entireMapcount / size) + 1);
    const hasEntire = 2 ** folios.order[i]! >= needed;
    if (index < 0 || index + needed > raw.count) {
      from = wordsOf(this.#reader.read(head, needed), size);
      at = 0;
    }
    const int = (offset: number | undefined): number =>
      offset === undefined ? -1 : from[at + (offset >>> 2)]! | 0;
    const entire = hasEntire ? int(this.#layout.folio.entireMapcount) + 1 : 0;
    this.#last = {
      head,
      flags: from[at + (offsets.flags >>> 2)]!,
      secondFlags: from[at + stride + (offsets.flags >>> 2)]!,
      mapping: from[at + (offsets.mapping >>> 2)]!,
      word: int(offsets.mapcount),
      entire,
      mapped: this.#largeMapped(head, folios.order[i]!, folios.type[i] === this.#types.hugetlb, entire, int),
    };
    return this.#last;
  }

  /** folio_mapped() of a large folio, by the counts that the kernel keeps. */
  #largeMapped(
    head: Pfn,
    order: number,
    huge: boolean,
    entire: number,
    int: (offset: number) => number,
  ): boolean {
    const { largeMapcount, nrPagesMapped } = this.#layout.folio;
    if (largeMapcount !== undefined) return int(largeMapcount) + 1 > 0;
    if (entire > 0) return true;
    if (nrPagesMapped !== undefined) return int(nrPagesMapped) > 0;
    if (huge || order === UNKNOWN_ORDER) return false;
    const at = this.#layout.offsets.mapcount >>> 2;
    // a damaged order may claim more pages than exist
    const end = Math.min(head + 2 ** order, this.#reader.model.present.at(-1)?.end ?? 0);
    for (let start = head; start < end; start += PIECE) {
      const pages = this.#reader.read(start, Math.min(PIECE, end - start));
      const words = wordsOf(pages, this.#layout.size);
      for (let i = 0; i < pages.count; i++) {
        if (pages.states[i] === 0 && (words[i * (this.#layout.size >>> 2) + at]! | 0) >= 0) return true;
      }
    }
    return false;
  }

  /** Pages of ZONE_DEVICE are not online pages, although their section may be online. */
  #isDevice(words: Uint32Array, at: number): boolean {
    const { shift, width } = this.#layout.fields.zone;
    if (this.#device < 0 || width === 0 || shift < 32) return false;
    const high = words[at + (this.#layout.offsets.flags >>> 2) + 1]!;
    return ((high >>> (shift - 32)) & (2 ** width - 1)) === this.#device;
  }

  #isOnline(pfn: Pfn): boolean {
    const { online } = this.#facts;
    const range = online[locate(online, pfn)];
    return range !== undefined && range.start <= pfn;
  }
}

function wordsOf(raw: RawPages, size: number): Uint32Array {
  return new Uint32Array(raw.bytes.buffer, raw.bytes.byteOffset, (raw.count * size) >>> 2);
}
