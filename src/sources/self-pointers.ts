import type { ByteSource } from '../core/bytes.ts';

const MIB = 2 ** 20;
const CHUNK = 4 * MIB;
/** What lies around a word that is looked at: two struct pages of 64 bytes. */
const MARGIN = 128;
/** Words of a struct page. */
const PAGE_WORDS = 16;
/** Fewer lists, or lists in fewer pages, are chance. A node without CPUs has little more than its pglist_data, of several pages. */
const LEAST_VOTES = 8;
const LEAST_PAGES = 2;
/** sizeof(struct page), the offset of its list, and the share of lists at such addresses that makes them struct pages. */
const PAGE_BYTES = 64;
const PAGE_LIST_AT = 8;
const MOST_PAGE_LISTS = 0.9;

/** How far list heads that point to themselves say that they are from their place in a file. */
export interface Distance {
  /** Address minus place in the file, in MiB. */
  readonly mib: number;
  /** Places in the file of the first and the last list head. */
  readonly first: number;
  readonly last: number;
  /** 2 MiB blocks of the file that have some. */
  readonly blocks: number;
}

/**
 * The head of an empty list is two pointers to itself (INIT_LIST_HEAD(), include/linux/list.h), and kernel memory is full of them: they tell
 * at which address of the direct map a file of memory begins. Struct pages have lists of their own, which tell of vmemmap instead, and are left
 * out by their neighbours. Most frequent first; memory of programs alone has none.
 */
export function selfPointers(
  source: ByteSource,
  progress?: (what: string, done: number, total: number) => void,
): Distance[] {
  const found = new Map<number, Tally>();
  const buffer = new Uint8Array(CHUNK + MARGIN);
  for (let at = 0; at < source.byteLength; at += CHUNK) {
    const got = source.readInto(at, buffer);
    tally(new Uint32Array(buffer.buffer, 0, got >>> 2), at, found);
    progress?.(`looking for the place of ${source.name}`, at, source.byteLength);
  }
  return [...found]
    .filter(([, { votes, pages }]) => votes >= LEAST_VOTES && pages >= LEAST_PAGES)
    .filter(([, { votes, pageLists }]) => pageLists < votes * MOST_PAGE_LISTS)
    .map(([mib, { first, last, blocks }]) => ({ mib, first, last, blocks: blocks.size }))
    .sort((a, b) => b.blocks - a.blocks);
}

interface Tally {
  votes: number;
  /** Votes at addresses where a struct page would have its list. */
  pageLists: number;
  pages: number;
  first: number;
  last: number;
  readonly blocks: Set<number>;
}

/** Counts the list heads of a chunk that begins at `start`. Addresses of kernels have their highest bit set. */
function tally(words: Uint32Array, start: number, found: Map<number, Tally>): void {
  const end = Math.min(words.length - 3, CHUNK >>> 2);
  for (let i = 0; i < end; i += 2) {
    const high = words[i + 1]!;
    if (high < 0x80000000 || words[i + 3] !== high || words[i + 2] !== words[i]) continue;
    const low = words[i]!;
    const place = start + i * 4;
    // memory begins at a multiple of 1 MiB
    if (((low - place) & (MIB - 1)) !== 0 || isStructPage(words, i, low)) continue;
    const mib = high * 4096 + (low >>> 20) - Math.floor(place / MIB);
    let entry = found.get(mib);
    if (!entry) {
      entry = { votes: 0, pageLists: 0, pages: 0, first: place, last: -4096, blocks: new Set() };
      found.set(mib, entry);
    }
    entry.votes++;
    if (low % PAGE_BYTES === PAGE_LIST_AT) entry.pageLists++;
    if (Math.floor(place / 4096) !== Math.floor(entry.last / 4096)) entry.pages++;
    entry.last = place;
    entry.blocks.add(Math.floor(place / (2 * MIB)));
  }
}

function isStructPage(words: Uint32Array, at: number, low: number): boolean {
  return [-PAGE_WORDS, PAGE_WORDS].some(
    (step) => words[at + step] === (low + step * 4) >>> 0 && words[at + step + 2] === words[at + step],
  );
}
