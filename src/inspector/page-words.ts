import { type DataModel, StructView } from '../core/data-model.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { WANTED_STRUCTS } from '../layout/wanted.ts';

/** A member of a struct page, or of a struct that overlays it, with its value. */
export interface PageMember {
  /** e.g. `flags`, `_refcount`, `folio._large_mapcount`. */
  readonly name: string;
  /** Offset from the start of the struct page, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** An unsigned word as 0x..., a 32-bit member as a signed decimal number. */
  readonly value: string;
}

/** A word of a struct page and the members in it. */
export interface PageWord {
  /** Offset from the start of the struct page, in bytes. */
  readonly offset: number;
  /** 0x and all digits of the word. */
  readonly value: string;
  readonly members: readonly PageMember[];
}

/** The use of a struct page, which decides which members of its unions are meaningful. */
export interface PageUse {
  /** Page type, e.g. `slab`; empty if none. */
  readonly type: string;
  /** Index in its folio: 0 for the head and for a single page. */
  readonly index: number;
  /** Number of pages of its folio. */
  readonly pages: number;
}

interface View {
  readonly struct: string;
  readonly prefix: string;
  /** Offset in the struct at which this struct page starts, in bytes. */
  readonly skip: number;
  readonly members?: readonly string[];
}

const COMMON = ['_refcount', '_mapcount', 'memcg_data'];
const PLAIN = ['flags', 'lru', 'mapping', 'index', 'private', ...COMMON, '_last_cpupid'];
/** Members of struct page by page type; other types use those of a plain page. */
const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  buddy: ['flags', 'buddy_list', 'private', '_mapcount', '_refcount'],
  slab: ['_mapcount', ...COMMON],
  table: ['_mapcount', ...COMMON],
};
/** Structs that overlay the head page of a type. */
const OVERLAYS: Readonly<Record<string, string>> = { slab: 'slab', table: 'ptdesc', zsmalloc: 'zpdesc' };
/** Members that are a struct list_head. */
const LISTS: ReadonlySet<string> = new Set(['lru', 'buddy_list', 'slab_list', '_deferred_list']);
/** The number of pages that struct folio describes (mm_types.h). */
const FOLIO_PAGES = 4;

/** Members that are numbers, although they have the size of a pointer on 32-bit kernels. */
const COUNT = /count$/;

/** The words of a struct page in memory, with the names of the members that are meaningful for its use. */
export function pageWords(bytes: Uint8Array, types: TypeFacts, use: PageUse, model: DataModel): PageWord[] {
  const view = new StructView(bytes, model);
  const wordSize = model.wordBytes;
  const members = viewsOf(use, bytes.length, types).flatMap((v) => membersOf(v, types, view));
  const words: PageWord[] = [];
  for (let offset = 0; offset + wordSize <= bytes.length; offset += wordSize) {
    const word = view.word(offset);
    words.push({
      offset,
      value: `0x${word.toString(16).padStart(wordSize * 2, '0')}`,
      members: members
        .filter((m) => m.offset >= offset && m.offset < offset + wordSize)
        .sort((a, b) => a.offset - b.offset),
    });
  }
  return words;
}

function viewsOf({ type, index, pages }: PageUse, size: number, types: TypeFacts): View[] {
  const folio: View = { struct: 'folio', prefix: 'folio.', skip: index * size };
  if (index > 0) {
    const tail: View = {
      struct: 'page',
      prefix: '',
      skip: 0,
      members: ['flags', 'compound_head', ...COMMON],
    };
    return index < Math.min(FOLIO_PAGES, pages) ? [tail, folio] : [tail];
  }
  const overlay = OVERLAYS[type];
  if (overlay !== undefined && types.structSize(overlay) !== undefined) {
    return [
      { struct: overlay, prefix: `${overlay}.`, skip: 0 },
      { struct: 'page', prefix: '', skip: 0, members: BY_TYPE[type] ?? COMMON },
    ];
  }
  return [{ struct: 'page', prefix: '', skip: 0, members: BY_TYPE[type] ?? PLAIN }];
}

function membersOf(
  { struct, prefix, skip, members }: View,
  types: TypeFacts,
  view: StructView,
): PageMember[] {
  const found = new Map<string, PageMember>();
  for (const wanted of WANTED_STRUCTS[struct] ?? []) {
    const names: readonly string[] = typeof wanted === 'string' ? [wanted] : wanted;
    if (members && !names.some((name) => members.includes(name))) continue;
    const path = names.find((name) => types.place(struct, name));
    const place = path === undefined ? undefined : types.place(struct, path);
    if (!path || !place) continue;
    const offset = place.offset - skip;
    if (offset < 0 || offset + place.size > view.byteLength) continue;
    const isCount = COUNT.test(path);
    const value = place.bits ? bitsAt(view, offset, place.bits) : valueAt(view, offset, place.size, isCount);
    if (value === undefined) continue;
    const name = `${prefix}${path}`;
    if (!LISTS.has(path)) {
      found.set(path, { name, offset, size: place.size, value });
      continue;
    }
    const half = place.size / 2;
    const second = valueAt(view, offset + half, half);
    found.set(`${path}.next`, { name: `${name}.next`, offset, size: half, value });
    found.set(`${path}.prev`, {
      name: `${name}.prev`,
      offset: offset + half,
      size: half,
      value: second ?? '',
    });
  }
  return [...found.values()];
}

/** The value of a bit field in 32-bit storage. */
function bitsAt(
  view: StructView,
  offset: number,
  bits: { shift: number; width: number },
): string | undefined {
  if (bits.shift + bits.width > 32 || offset + 4 > view.byteLength) return undefined;
  return `${(view.u32(offset) >>> bits.shift) % 2 ** bits.width}`;
}

/** The value of a member; structs and arrays show their first word. */
function valueAt(view: StructView, offset: number, size: number, isCount = false): string | undefined {
  if (size === 1) return `${view.u8(offset)}`;
  if (size === 2) return `${view.i16(offset)}`;
  if (size === 4 && (view.model.wordBytes === 8 || isCount)) return `${view.i32(offset)}`;
  return size >= view.model.wordBytes ? `0x${view.word(offset).toString(16)}` : undefined;
}
