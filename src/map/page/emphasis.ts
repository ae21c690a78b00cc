import type { Model, TileRuns } from './model.ts';

/** Which pages stand out: those of chosen entries of the legend, and those that a search has found. Nothing chosen is everything. */
export class Emphasis {
  readonly chosen: Set<number> = new Set();
  /** 1 for each kind that was found. */
  kinds: Uint8Array | undefined;
  /** Shares of 255 of each cell of the overview that were found. */
  cells: Uint8Array | undefined;
  /** Goes up with each change. */
  version = 0;
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  toggle(code: number): void {
    if (!this.chosen.delete(code)) this.chosen.add(code);
    this.version++;
  }

  find(kinds: Uint8Array | undefined): void {
    this.kinds = kinds;
    this.cells = kinds && new Uint8Array(this.#model.facts.cells);
    this.version++;
  }

  clear(): void {
    this.chosen.clear();
    this.find(undefined);
  }

  /** Whether an entry of the legend stands out. */
  isShown(code: number): boolean {
    return this.chosen.size === 0 || this.chosen.has(code);
  }

  /** Whether pages with a value of a tile stand out. */
  has(form: TileRuns['form'], value: number): boolean {
    if (!this.isShown(this.#model.codeOf(form, value))) return false;
    return this.kinds === undefined || (form === 'kinds' && this.kinds[value] === 1);
  }
}
