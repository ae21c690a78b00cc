import { interner } from '../table/rows-table.ts';
import type { Measure } from './stop.ts';
import { type CommonNames, WINDOW, type Window } from './windows.ts';

/** Columns that tell for what a page is used, by measure; where the first is empty, or says `none`, the second tells. */
export const MEASURE_COLUMNS: Readonly<Record<Measure, readonly [string, string]>> = {
  class: ['class', 'subclass'],
  type: ['type', 'mapping_kind'],
};

/** Columns that name one owner of a page, the most specific first. */
const OWNER_KINDS = ['slab_cache', 'call_site', 'file', 'process', 'subclass'] as const;

/** Whose hands a page is in. */
export interface Hand {
  /** Its class, or type. */
  readonly use: string;
  /** The column that names its owner; empty if nothing does. */
  readonly kind: string;
  readonly owner: string;
}

/** The uses and hands of the pages of a window; 0 for page frames without a row. */
export interface Held {
  readonly uses: Uint16Array;
  readonly hands: Uint32Array;
}

/** The use of pages that have neither a type nor a mapping. */
const UNTYPED = 'other';
const KINDS = OWNER_KINDS.length + 1;

/** Determines the use and the hand of pages. Equal codes mean the same in all stops. */
export class Hands {
  /** Names of uses by code; code 0 stands for page frames without a row. */
  readonly uses: string[] = [''];
  /** Hands by code; code 0 stands for page frames without a row. */
  readonly hands: Hand[] = [{ use: '', kind: '', owner: '' }];
  readonly #useOf = interner(this.uses);
  readonly #measure: Measure;
  readonly #common: ReadonlyMap<string, CommonNames>;
  readonly #useCodes: Map<number, number> = new Map();
  readonly #handCodes: Map<number, number> = new Map();

  constructor(measure: Measure, common: ReadonlyMap<string, CommonNames>) {
    this.#measure = measure;
    this.#common = common;
  }

  /** Fills `held` for the pages of a window. */
  fill({ present, codes }: Window, { uses, hands }: Held): void {
    const [first, second] = MEASURE_COLUMNS[this.#measure].map((name) => codes.get(name)!) as [
      Uint32Array,
      Uint32Array,
    ];
    const owners = OWNER_KINDS.map((name) => codes.get(name));
    let key = -1;
    let code = 0;
    for (let i = 0; i < WINDOW; i++) {
      if (present[i] === 0) {
        uses[i] = 0;
        hands[i] = 0;
        continue;
      }
      const use = this.#use(first[i]!, second[i]!);
      let kind = 0;
      while (kind < OWNER_KINDS.length && !owners[kind]?.[i]) kind++;
      const owner = owners[kind]?.[i] ?? 0;
      // exact: uses fit into 16 bits, codes of names into 32
      const now = (use * KINDS + kind) * 2 ** 32 + owner;
      if (now !== key) {
        key = now;
        code = this.#handCodes.get(now) ?? this.#newHand(now, use, kind, owner);
      }
      uses[i] = use;
      hands[i] = code;
    }
  }

  #use(first: number, second: number): number {
    const key = first * 65536 + second;
    let use = this.#useCodes.get(key);
    if (use === undefined) {
      const [one, other] = MEASURE_COLUMNS[this.#measure];
      const name = this.#common.get(one)!.names[first]!;
      if (this.#measure === 'class') use = this.#useOf(name);
      else {
        const mapping = this.#common.get(other)!.names[second]!;
        use = this.#useOf(name || (mapping === 'none' || mapping === '' ? UNTYPED : mapping));
      }
      this.#useCodes.set(key, use);
    }
    return use;
  }

  #newHand(key: number, use: number, kind: number, owner: number): number {
    const column = OWNER_KINDS[kind];
    const code =
      this.hands.push({
        use: this.uses[use]!,
        kind: column ?? '',
        owner: column === undefined ? '' : this.#common.get(column)!.names[owner]!,
      }) - 1;
    this.#handCodes.set(key, code);
    return code;
  }
}
