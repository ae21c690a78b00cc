import type { Pfn } from '../core/address.ts';
import { PAGE_CLASSES, UNDECIDED } from './classes.ts';

/** Pages that two rules claim, neither of which takes precedence. */
export interface Conflict {
  readonly winner: string;
  readonly loser: string;
  pages: number;
  /** The first such page. */
  readonly pfn: Pfn;
}

/** The class of each page frame, one byte per page. */
export class Claims {
  readonly codes: Uint8Array;
  readonly #conflicts: Map<number, Conflict> = new Map();
  readonly #over: ReadonlySet<string>[] = PAGE_CLASSES.map((c) => new Set(c.over ?? []));

  /** `limit` is the first pfn after the last page. */
  constructor(limit: Pfn) {
    // shared, since other threads read it
    this.codes = new Uint8Array(new SharedArrayBuffer(limit));
  }

  get conflicts(): readonly Conflict[] {
    return [...this.#conflicts.values()];
  }

  /**
   * Claims pages for a class; ignores frames outside the page array. A damaged address may lie within a page, which is then
   * that page.
   */
  claim(start: Pfn, code: number, count = 1): void {
    const first = Math.floor(start);
    const end = Math.min(first + count, this.codes.length);
    for (let pfn = Math.max(0, first); pfn < end; pfn++) {
      const before = this.codes[pfn]!;
      if (before === UNDECIDED) this.codes[pfn] = code;
      else if (before !== code) this.codes[pfn] = this.decide(pfn, before, code);
    }
  }

  /** The class of a page that two rules claim; records a conflict if neither takes precedence. */
  decide(pfn: Pfn, one: number, other: number): number {
    const [a, b] = [PAGE_CLASSES[one]!, PAGE_CLASSES[other]!];
    if (a.name === b.name) return Math.min(one, other);
    if (this.#over[one]!.has(b.name)) return one;
    if (this.#over[other]!.has(a.name)) return other;
    const winner = Math.min(one, other);
    const loser = Math.max(one, other);
    const key = winner * 256 + loser;
    const conflict = this.#conflicts.get(key);
    if (conflict) conflict.pages++;
    else {
      this.#conflicts.set(key, {
        winner: nameOf(winner),
        loser: nameOf(loser),
        pages: 1,
        pfn,
      });
    }
    return winner;
  }
}

/** `name` or `name:subclass`. */
export function nameOf(code: number): string {
  const { name, subclass } = PAGE_CLASSES[code]!;
  return subclass === '' ? name : `${name}:${subclass}`;
}
