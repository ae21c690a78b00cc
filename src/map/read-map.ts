import { breath } from '../core/breath.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { PAGE_STATES } from '../memmap/page-reader.ts';
import type { PageCounts } from '../scan/scan.ts';
import { type Facts, Lanes, type OwnColumn } from './lanes.ts';
import { positionsOf, type Stretch, stretchesOf } from './places.ts';
import { Tuples } from './tuples.ts';
import type { MapValue } from './values/map-value.ts';

/** Kind and label 0 are of positions without a struct page. */
export const NO_PAGE = 0;
export const NO_PAGE_LABEL = 'no struct page';
/** Begins the labels of struct pages that could not be read. */
export const UNREADABLE = 'not readable: ';

/** Maximum number of distinct combinations of columns that are told apart. */
const MOST_KINDS = 200_000;

/** Takes the positions of a map in ascending order, without gaps. */
export interface MapSink {
  /** `length` positions from `at` on, of one kind. */
  run(at: number, length: number, kind: Kind): void;
}

/** Pages that are alike in all columns of the map. */
export interface Kind {
  readonly number: number;
  /** Index into `labels`. */
  readonly label: number;
  /** Index into `zones`. */
  readonly zone: number;
  /** Number of the tuple of its values; undefined if there are too many kinds to keep theirs. */
  readonly tuple: number | undefined;
  pages: number;
}

/** A zone of a node, as its pages tell it. */
export interface MapZone {
  readonly node: number;
  readonly zone: string;
}

/** What was read for a map. */
export interface MapData {
  readonly stretches: readonly Stretch[];
  readonly positions: number;
  readonly kinds: readonly Kind[];
  /** Names of what pages are coloured by; the first is of positions without a struct page. */
  readonly labels: readonly string[];
  /** Zones by number; the first stands for none. */
  readonly zones: readonly (MapZone | undefined)[];
  readonly columns: readonly string[];
  /** The values of a kind; undefined if they were not kept. */
  factsOf(kind: Kind): Facts | undefined;
}

/** What to read. */
export interface MapJob {
  readonly value: MapValue;
  /** Columns to keep for each page besides those that the value needs. */
  readonly columns: readonly ColumnName[];
  readonly own: readonly OwnColumn[];
}

/** The columns that every map reads: where a page is, and whether it could be read. */
const ALWAYS: readonly ColumnName[] = ['state', 'node', 'zone'];

/** Where the pages of an image come in a map. */
export function placesOf(inspector: Inspector): readonly Stretch[] {
  return stretchesOf(inspector.ranges(undefined));
}

/** Reads all pages of an image and gives runs of alike ones to `sink`. Adds them to `counts`, by state. */
export async function readMap(
  inspector: Inspector,
  job: MapJob,
  sink: MapSink,
  counts: PageCounts,
): Promise<MapData> {
  const stretches = placesOf(inspector);
  const wanted = [...new Set([...ALWAYS, ...job.value.columns, ...job.columns])];
  const lanes = new Lanes(wanted, job.own);
  const kinds = new Kinds(lanes, job.value);
  let [stretch, next] = [0, 0];
  const put = (at: number, length: number, kind: Kind): void => {
    if (at > next) {
      kinds.none.pages += at - next;
      sink.run(next, at - next, kinds.none);
    }
    kind.pages += length;
    sink.run(at, length, kind);
    next = at + length;
  };
  for await (const { batch, rows } of inspector.select({ columns: wanted }, counts)) {
    const arrays = lanes.take(batch.start, batch.count, batch.columns, batch.states);
    const changes = changesIn(arrays, lanes.width, batch.count);
    for (let i = 0; i < rows.length; ) {
      const row = rows[i]!;
      let end = i + 1;
      while (end < rows.length && rows[end] === row + end - i && changes[row + end - i] === 0) end++;
      const pfn = batch.start + row;
      while (pfn >= stretches[stretch]!.end) stretch++;
      const { at, start } = stretches[stretch]!;
      put(at + pfn - start, end - i, kinds.of(arrays, row));
      i = end;
    }
    const due = breath();
    if (due) await due;
  }
  const positions = positionsOf(stretches);
  if (next < positions) {
    kinds.none.pages += positions - next;
    sink.run(next, positions - next, kinds.none);
  }
  return {
    stretches,
    positions,
    kinds: kinds.all,
    labels: kinds.labels,
    zones: kinds.zones,
    columns: lanes.columns,
    factsOf: (kind) => kinds.factsOf(kind),
  };
}

/** 1 for each row that differs from the one before it. */
function changesIn(arrays: readonly Int32Array[], width: number, count: number): Uint8Array {
  const changes = new Uint8Array(count);
  for (let lane = 0; lane < width; lane++) {
    const values = arrays[lane]!;
    let before = values[0]!;
    for (let row = 1; row < count; row++) {
      const value = values[row]!;
      if (value !== before) {
        changes[row] = 1;
        before = value;
      }
    }
  }
  return changes;
}

/** Gives numbers to the kinds of pages that occur. */
class Kinds {
  readonly all: Kind[] = [];
  readonly labels: string[] = [NO_PAGE_LABEL];
  readonly zones: (MapZone | undefined)[] = [undefined];
  readonly none: Kind = { number: 0, label: NO_PAGE, zone: 0, tuple: undefined, pages: 0 };
  readonly #lanes: Lanes;
  readonly #value: MapValue;
  readonly #labelNumbers: Map<string, number> = new Map([[NO_PAGE_LABEL, NO_PAGE]]);
  readonly #zoneNumbers: Map<string, number> = new Map();
  readonly #byTuple: Kind[] = [];
  /** Kinds without their values, by label and zone. */
  readonly #short: Map<string, Kind> = new Map();
  #tuples: Tuples | undefined;
  #tuple: Int32Array = new Int32Array(0);

  constructor(lanes: Lanes, value: MapValue) {
    this.#lanes = lanes;
    this.#value = value;
    this.all.push(this.none);
  }

  /** The kind of a row. */
  of(arrays: readonly Int32Array[], row: number): Kind {
    const { width } = this.#lanes;
    if (!this.#tuples) {
      this.#tuples = new Tuples(width);
      this.#tuple = new Int32Array(width);
    }
    const tuple = this.#tuple;
    for (let lane = 0; lane < width; lane++) tuple[lane] = arrays[lane]![row]!;
    const number = this.#tuples.numberOf(tuple, MOST_KINDS);
    const known = this.#byTuple[number];
    if (known) return known;
    const facts = this.#lanes.factsOf((lane) => tuple[lane]!);
    const label = this.#labelOf(facts);
    const zone = this.#zoneOf(facts);
    if (number >= 0) {
      const kind = this.#add(label, zone, number);
      this.#byTuple[number] = kind;
      return kind;
    }
    const key = `${label} ${zone}`;
    let kind = this.#short.get(key);
    if (!kind) {
      kind = this.#add(label, zone, undefined);
      this.#short.set(key, kind);
    }
    return kind;
  }

  factsOf({ tuple }: Kind): Facts | undefined {
    return tuple === undefined ? undefined : this.#lanes.factsOf((lane) => this.#tuples!.value(tuple, lane));
  }

  #add(label: number, zone: number, tuple: number | undefined): Kind {
    const kind = { number: this.all.length, label, zone, tuple, pages: 0 };
    this.all.push(kind);
    return kind;
  }

  #labelOf(page: Facts): number {
    const state = page.text('state');
    const label = state === PAGE_STATES[0] ? this.#value.label(page) : `${UNREADABLE}${state}`;
    let number = this.#labelNumbers.get(label);
    if (number === undefined) {
      number = this.labels.push(label) - 1;
      this.#labelNumbers.set(label, number);
    }
    return number;
  }

  #zoneOf(page: Facts): number {
    if (page.text('state') !== PAGE_STATES[0]) return 0;
    const node = page.number('node') ?? 0;
    const zone = page.text('zone');
    const key = `${node} ${zone}`;
    let number = this.#zoneNumbers.get(key);
    if (number === undefined) {
      number = this.zones.push({ node, zone }) - 1;
      this.#zoneNumbers.set(key, number);
    }
    return number;
  }
}
