import { type Curve, curveFor } from '../curve.ts';
import type { PageFacts } from '../page-facts.ts';
import { ByteReader, runsIn } from '../runs.ts';
import { FIRST_TILE, Pieces } from './pieces.ts';

/** Positions in a tile; the same as TILE_SHIFT of tiles.ts. */
export const TILE = 65536;

/** A rectangle of pages: `width` times `height` from (x, y) on. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The runs of a tile: `values[i]` from `starts[i]` on, up to the next one. */
export interface TileRuns {
  readonly form: 'kinds' | 'labels';
  readonly starts: Uint32Array;
  readonly values: Uint32Array;
}

/** Tiles whose runs are kept in memory. */
const MOST_TILES = 1024;

/** Everything that the page tells about memory. */
export class Model {
  readonly facts: PageFacts;
  readonly curve: Curve;
  /** Texts of each column by number. */
  readonly texts: readonly (readonly string[])[];
  /** By kind: label, zone, pages, whether its columns were kept. */
  readonly kindLabel: Uint32Array;
  readonly kindZone: Uint32Array;
  readonly kindPages: Float64Array;
  readonly kindKept: Uint8Array;
  /** For each column the number of the text of each kind. */
  readonly cellsOf: readonly Uint32Array[];
  /** The entry of the legend of each label. */
  readonly codes: Uint8Array;
  readonly overview: Overview;
  readonly #pieces: Pieces;
  readonly #tiles: Map<number, Promise<TileRuns>> = new Map();

  private constructor(facts: PageFacts, pieces: Pieces, parts: readonly Uint8Array[]) {
    const [texts, rows, codes, overview] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    this.facts = facts;
    this.#pieces = pieces;
    this.curve = curveFor(facts.curve, facts.positions);
    this.texts = JSON.parse(new TextDecoder().decode(texts));
    const reader = new ByteReader(rows);
    const list = <A extends Uint32Array | Float64Array | Uint8Array>(array: A): A => {
      for (let i = 0; i < array.length; i++) array[i] = reader.number();
      return array;
    };
    this.kindLabel = list(new Uint32Array(facts.kinds));
    this.kindZone = list(new Uint32Array(facts.kinds));
    this.kindPages = list(new Float64Array(facts.kinds));
    this.kindKept = list(new Uint8Array(facts.kinds));
    this.cellsOf = facts.columns.map(() => list(new Uint32Array(facts.kinds)));
    this.codes = codes;
    this.overview = new Overview(facts, overview);
  }

  static async open(facts: PageFacts, text: string): Promise<Model> {
    const pieces = new Pieces(text, facts.pieces);
    const parts = await Promise.all(Array.from({ length: FIRST_TILE }, (_, i) => pieces.read(i)));
    return new Model(facts, pieces, parts);
  }

  /** The runs of a tile; undefined if they are not in this file. */
  tile(index: number): Promise<TileRuns> | undefined {
    const form = this.facts.forms[index];
    if (form === undefined || form === 'none') return undefined;
    let tile = this.#tiles.get(index);
    if (tile) this.#tiles.delete(index);
    else tile = this.#pieces.read(FIRST_TILE + index).then((bytes) => decode(form, bytes));
    // the last used one is the last of the map
    this.#tiles.set(index, tile);
    if (this.#tiles.size > MOST_TILES) this.#tiles.delete(this.#tiles.keys().next().value!);
    return tile;
  }

  /** The rectangle of `count` positions, a power of two, from a multiple of `count` on. */
  box(position: number, count: number): Box {
    const { width, height, name } = this.curve;
    if (count >= width * height) return { x: 0, y: 0, width, height };
    const place = this.curve.place(position);
    const x = place % width;
    const y = Math.floor(place / width);
    if (name === 'rows') {
      return count <= width ? { x, y, width: count, height: 1 } : { x: 0, y, width, height: count / width };
    }
    const side = Math.sqrt(count);
    if (side > height) return { x: 0, y: 0, width, height };
    return { x: x - (x % side), y: y - (y % side), width: side, height: side };
  }

  /** The entry of the legend of a value of a tile. */
  codeOf(form: TileRuns['form'], value: number): number {
    return this.codes[form === 'kinds' ? this.kindLabel[value]! : value]!;
  }
}

/** The overview: what is in each cell. */
export class Overview {
  readonly zones: Uint16Array;
  /** The entries of cell i are those from `starts[i]` up to `starts[i + 1]`, most pages first. */
  readonly starts: Uint32Array;
  readonly codes: Uint8Array;
  /** Shares of 255. */
  readonly shares: Uint8Array;

  constructor(facts: PageFacts, data: Uint8Array) {
    const reader = new ByteReader(data);
    this.zones = new Uint16Array(facts.cells);
    this.starts = new Uint32Array(facts.cells + 1);
    const codes: number[] = [];
    const shares: number[] = [];
    for (let cell = 0; cell < facts.cells; cell++) {
      this.zones[cell] = reader.number();
      this.starts[cell] = codes.length;
      for (let left = reader.number(); left > 0; left--) {
        codes.push(reader.number());
        shares.push(reader.number());
      }
    }
    this.starts[facts.cells] = codes.length;
    this.codes = Uint8Array.from(codes);
    this.shares = Uint8Array.from(shares);
  }
}

function decode(form: TileRuns['form'], bytes: Uint8Array): TileRuns {
  const starts: number[] = [];
  const values: number[] = [];
  let at = 0;
  for (const { value, length } of runsIn(bytes)) {
    starts.push(at);
    values.push(value);
    at += length;
  }
  return { form, starts: Uint32Array.from(starts), values: Uint32Array.from(values) };
}

/** The value of a tile at a position within it. */
export function valueAt({ starts, values }: TileRuns, within: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= within) low = middle;
    else high = middle;
  }
  return values[low]!;
}
