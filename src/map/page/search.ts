import type { PageFacts } from '../page-facts.ts';
import { positionOf } from '../places.ts';
import { hex } from './elements.ts';
import type { Emphasis } from './emphasis.ts';
import { type Model, TILE } from './model.ts';

/** Something that a query may mean. */
export type Answer =
  | { readonly what: 'page'; readonly text: string; readonly position: number }
  | { readonly what: 'kinds'; readonly text: string; readonly pages: number; readonly kinds: Uint8Array };

/** Columns whose texts are searched. */
const SEARCHED = [
  'process',
  'file',
  'memcg',
  'slab_cache',
  'owner',
  'class',
  'subclass',
  'type',
  'migratetype',
];
const MOST_ANSWERS = 12;
/** Places of pages that were found, for going through them. */
const MOST_PLACES = 100_000;

/** Everything that a query may mean, the most likely first. */
export function answersTo(model: Model, query: string): Answer[] {
  const text = query.trim();
  if (text === '') return [];
  const [, prefix, digits] = /^(?:(pfn|phys|page):)?(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  const pages = digits === undefined ? [] : pagesFor(model.facts, prefix, BigInt(digits));
  return [...pages, ...(prefix === undefined ? textAnswers(model, text) : [])].slice(0, MOST_ANSWERS);
}

function pagesFor(facts: PageFacts, prefix: string | undefined, number: bigint): Answer[] {
  const out: Answer[] = [];
  const add = (as: string, pfn: bigint, text: string): void => {
    if (prefix !== undefined && prefix.toLowerCase() !== as) return;
    const position = pfn < 0n || pfn > 2n ** 52n ? undefined : positionOf(facts.stretches, Number(pfn));
    if (position !== undefined) out.push({ what: 'page', text, position });
  };
  add('pfn', number, `pfn ${number}`);
  const physical = number / BigInt(facts.pageBytes);
  add('phys', physical, `physical address ${hex(number)}: pfn ${physical}`);
  if (facts.structPages) {
    const base = BigInt(`0x${facts.structPages.base}`);
    const pfn = (number - base) / BigInt(facts.structPages.size);
    if (number >= base) add('page', pfn, `struct page ${hex(number)}: pfn ${pfn}`);
  }
  return out;
}

function textAnswers(model: Model, text: string): Answer[] {
  const needle = text.toLowerCase();
  const found: Extract<Answer, { what: 'kinds' }>[] = [];
  const all = new Uint8Array(model.facts.kinds);
  for (const [column, { name }] of model.facts.columns.entries()) {
    if (!SEARCHED.includes(name)) continue;
    const cells = model.cellsOf[column]!;
    const hits = new Map<number, Uint8Array>();
    for (const [number, value] of model.texts[column]!.entries()) {
      if (value.toLowerCase().includes(needle)) hits.set(number, new Uint8Array(model.facts.kinds));
    }
    if (hits.size === 0) continue;
    for (let kind = 0; kind < cells.length; kind++) {
      const kinds = hits.get(cells[kind]!);
      if (!kinds) continue;
      kinds[kind] = 1;
      all[kind] = 1;
    }
    for (const [number, kinds] of hits) {
      const value = model.texts[column]![number]!;
      found.push({ what: 'kinds', text: `${name} ${value}`, pages: pagesOf(model, kinds), kinds });
    }
  }
  found.sort((a, b) => b.pages - a.pages);
  if (found.length < 2) return found;
  const everything = `everything with “${text}”`;
  return [{ what: 'kinds', text: everything, pages: pagesOf(model, all), kinds: all }, ...found];
}

function pagesOf(model: Model, kinds: Uint8Array): number {
  let pages = 0;
  for (let kind = 0; kind < kinds.length; kind++) if (kinds[kind] === 1) pages += model.kindPages[kind]!;
  return pages;
}

/** What a search for text does not cover, as a sentence; empty if it covers all. */
export function notSearched({ facts }: Model): string {
  const has = (name: string): boolean => facts.columns.some((c) => c.name === name);
  if (!has('process') && !has('file')) return 'This map has no processes and files: make it with --by owner.';
  const left = facts.forms.filter((form) => form !== 'kinds').length;
  if (left === 0) return '';
  const share = Math.max(1, Math.round((left / facts.forms.length) * 100));
  return `The columns of ${share} % of the pages are left out of this file, and are not shown.`;
}

/** The places of pages that were found. */
export class Places {
  /** First positions of runs, ascending. */
  readonly positions: number[] = [];
  #at = -1;

  /** Looks through all tiles, and tells the emphasis which cells have such pages. Returns false if another search began meanwhile. */
  async collect(model: Model, emphasis: Emphasis, onProgress: () => void): Promise<boolean> {
    const { kinds, cells } = emphasis;
    if (!kinds || !cells) return false;
    const shift = model.facts.cellShift;
    for (const [index, form] of model.facts.forms.entries()) {
      if (form !== 'kinds') continue;
      const tile = await model.tile(index)!;
      if (emphasis.kinds !== kinds) return false;
      const count = Math.min(TILE, model.facts.positions - index * TILE);
      for (const [i, value] of tile.values.entries()) {
        if (kinds[value] !== 1) continue;
        const first = index * TILE + tile.starts[i]!;
        const end = index * TILE + (tile.starts[i + 1] ?? count);
        if (this.positions.length < MOST_PLACES) this.positions.push(first);
        for (let cell = first >>> shift; cell <= (end - 1) >>> shift; cell++) cells[cell] = 255;
      }
      if (index % 64 === 63) onProgress();
    }
    return true;
  }

  /** The next place, or the previous one. */
  step(by: 1 | -1): number | undefined {
    const { length } = this.positions;
    if (length === 0) return undefined;
    this.#at = (this.#at + by + length) % length;
    return this.positions[this.#at];
  }
}
