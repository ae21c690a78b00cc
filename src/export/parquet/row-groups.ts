import type { TableBatch } from '../../table/table.ts';
import type { ColumnEncoder, EncodedColumn } from './column-encoder.ts';
import { GROUP_ROWS, PAGE_ROWS } from './format.ts';

/** Rows of a batch that have not been written yet. */
interface Rest {
  readonly batch: TableBatch;
  from: number;
}

/** Cuts batches of any size into pages and row groups, so that the file does not depend on how its rows came. */
export class RowGroups {
  readonly #encoders: readonly ColumnEncoder[];
  #rests: Rest[] = [];
  #waiting = 0;
  #rows = 0;

  constructor(encoders: readonly ColumnEncoder[]) {
    this.#encoders = encoders;
  }

  /** Takes rows; gives row groups as they become full. */
  *add(batch: TableBatch): Generator<EncodedColumn[]> {
    this.#rests.push({ batch, from: 0 });
    this.#waiting += batch.count;
    while (this.#waiting >= PAGE_ROWS) {
      this.#page(PAGE_ROWS);
      if (this.#rows === GROUP_ROWS) yield this.#finish();
    }
  }

  /** What is left, in a row group that is not full; nothing if there are no rows. */
  *end(): Generator<EncodedColumn[]> {
    if (this.#waiting > 0) this.#page(this.#waiting);
    if (this.#rows > 0) yield this.#finish();
  }

  /** Writes the next `count` rows as a page of each column. */
  #page(count: number): void {
    const parts: { batch: TableBatch; from: number; to: number }[] = [];
    let left = count;
    for (const rest of this.#rests) {
      const to = Math.min(rest.batch.count, rest.from + left);
      parts.push({ batch: rest.batch, from: rest.from, to });
      left -= to - rest.from;
      rest.from = to;
      if (left === 0) break;
    }
    for (const encoder of this.#encoders) {
      const { name } = encoder.spec;
      encoder.add(parts.map(({ batch, from, to }) => ({ column: batch.columns.get(name)!, from, to })));
    }
    for (const { batch, from } of this.#rests) if (from === batch.count) batch.release?.();
    this.#rests = this.#rests.filter(({ batch, from }) => from < batch.count);
    this.#waiting -= count;
    this.#rows += count;
  }

  #finish(): EncodedColumn[] {
    this.#rows = 0;
    return this.#encoders.map((encoder) => encoder.finish());
  }
}
