import { deflateRawSync } from 'node:zlib';
import { Blocks } from './blocks.ts';
import type { Legend } from './legend.ts';
import type { Kind, MapSink } from './read-map.ts';
import { ByteReader, ByteWriter, RunWriter } from './runs.ts';

/** A tile has 2 to this many positions. */
export const TILE_SHIFT = 16;
const TILE = 2 ** TILE_SHIFT;
/** A cell of the overview has 2 to this many positions, or more if there would be too many cells. */
const CELL_SHIFT = 8;
const MOST_CELLS = 2 ** 20;
/** Counts of a cell are scaled to this, so that each is a byte. */
const FULL = 255;

/** The two forms of a tile, compressed: with the kind of each page, or with its label alone. */
export interface Tile {
  readonly kinds: Uint8Array;
  readonly labels: Uint8Array;
}

/** The overview: the entries of the legend in each cell, most pages first, and its zone. */
export interface Overview {
  readonly shift: number;
  readonly cells: number;
  /** Compressed: for each cell its zone, the number of entries, and their codes with their shares of 255. */
  readonly data: Uint8Array;
}

/** Collects tiles and the overview while pages are read. */
export class TileSink implements MapSink {
  readonly tiles: Tile[] = [];
  readonly shift: number;
  readonly #kinds: RunWriter = new RunWriter();
  readonly #labels: RunWriter = new RunWriter();
  readonly #blocks: Blocks;
  /** For each cell: its zone, the number of labels, and each with its count. */
  readonly #cells: ByteWriter = new ByteWriter();
  #cellCount = 0;
  #filled = 0;

  constructor(positions: number) {
    let shift = CELL_SHIFT;
    while (positions / 2 ** shift > MOST_CELLS) shift += 2;
    this.shift = shift;
    this.#blocks = new Blocks(shift, (_, labels, counts, zone) => {
      this.#cellCount++;
      this.#cells.number(zone);
      this.#cells.number(labels.length);
      for (const label of labels) {
        this.#cells.number(label);
        this.#cells.number(counts[label]!);
      }
    });
  }

  run(at: number, length: number, kind: Kind): void {
    this.#blocks.run(at, length, kind);
    for (let left = length; left > 0; ) {
      const part = Math.min(left, TILE - this.#filled);
      this.#kinds.add(kind.number, part);
      this.#labels.add(kind.label, part);
      this.#filled += part;
      left -= part;
      if (this.#filled === TILE) this.#endTile();
    }
  }

  /** To be called when all positions have come. */
  end(): void {
    this.#blocks.end();
    if (this.#filled > 0) this.#endTile();
  }

  overview(legend: Legend): Overview {
    const reader = new ByteReader(this.#cells.bytes);
    const out = new ByteWriter();
    const counts = new Float64Array(legend.entries.length);
    for (let cell = 0; cell < this.#cellCount; cell++) {
      out.number(reader.number());
      const codes = new Set<number>();
      let sum = 0;
      for (let left = reader.number(); left > 0; left--) {
        const code = legend.codes[reader.number()]!;
        const count = reader.number();
        counts[code]! += count;
        sum += count;
        codes.add(code);
      }
      out.number(codes.size);
      for (const code of [...codes].sort((a, b) => counts[b]! - counts[a]! || a - b)) {
        out.number(code);
        // what is there is never rounded to nothing
        out.number(Math.max(1, Math.round((counts[code]! / sum) * FULL)));
        counts[code] = 0;
      }
    }
    return { shift: this.shift, cells: this.#cellCount, data: deflateRawSync(out.bytes) };
  }

  #endTile(): void {
    this.tiles.push({
      kinds: deflateRawSync(this.#kinds.take()),
      labels: deflateRawSync(this.#labels.take()),
    });
    this.#filled = 0;
  }
}

/** How much of a tile is kept. */
export type TileForm = 'kinds' | 'labels' | 'none';

/**
 * The form of each tile so that all together have at most `budget` bytes: first as many tiles as possible with their labels, then as many
 * as possible with their kinds, in both cases the smallest ones.
 */
export function chooseForms(
  sizes: readonly { readonly kinds: number; readonly labels: number }[],
  budget: number,
): TileForm[] {
  const forms = sizes.map((): TileForm => 'none');
  let left = budget;
  const upgrade = (form: TileForm, cost: (index: number) => number): void => {
    for (const index of sizes.map((_, i) => i).sort((a, b) => cost(a) - cost(b))) {
      if (form === 'kinds' && forms[index] === 'none') continue;
      if (cost(index) > left) break;
      left -= cost(index);
      forms[index] = form;
    }
  };
  upgrade('labels', (i) => sizes[i]!.labels);
  upgrade('kinds', (i) => sizes[i]!.kinds - sizes[i]!.labels);
  return forms;
}
