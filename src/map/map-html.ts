import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { columnSpec } from '../decode/columns/registry.ts';
import { escapeHtml, scriptJson } from './escape.ts';
import type { Legend } from './legend.ts';
import type { CurveName } from './options.ts';
import type { PageFacts } from './page-facts.ts';
import type { Kind, MapData } from './read-map.ts';
import { ByteWriter } from './runs.ts';
import { chooseForms, type TileForm, type TileSink } from './tiles.ts';

/** Scripts and styles that the build made. */
const PAGES: URL = new URL('../../dist/map/page/', import.meta.url);

/** What a page says of the image. */
export interface MapAbout {
  readonly title: string;
  readonly value: string;
  readonly about: readonly (readonly [label: string, value: string])[];
  readonly notes: readonly string[];
  readonly curve: CurveName;
  readonly pageBytes: number;
  readonly structPages: PageFacts['structPages'];
}

const MEGABYTE = 1_000_000;
const SMALL = 2 ** 24;
const LARGE = 2 ** 28;

/** Size of a page in bytes that fits a mail up to 16 M pages, and grows with them to 40 MB at 268 M pages. */
export function sizeLimit(positions: number): number {
  const above = Math.max(0, Math.min(positions, LARGE) - SMALL) / (LARGE - SMALL);
  return Math.floor((4.8 + above * (39 - 4.8)) * MEGABYTE);
}

/** A page of HTML with everything in it, in parts. Details of pages are left out where they would not fit `limit` bytes. */
export function* mapHtml(
  sink: TileSink,
  data: MapData,
  legend: Legend,
  about: MapAbout,
  limit: number,
): Generator<string> {
  const overview = sink.overview(legend);
  const { texts, rows } = kindPieces(data);
  const fixed = [texts, rows, deflateRawSync(legend.codes), overview.data];
  const parts = page('map');
  const factsWith = (forms: readonly TileForm[], pieces: readonly number[]): PageFacts => ({
    ...about,
    positions: data.positions,
    stretches: data.stretches,
    zones: data.zones,
    legend: legend.entries.map(({ label, pages, colour }) => ({
      label,
      pages,
      light: css(colour.light),
      dark: css(colour.dark),
    })),
    columns: data.columns.map((name) => ({ name, help: columnSpec(name)?.help ?? '' })),
    cellShift: overview.shift,
    cells: overview.cells,
    kinds: data.kinds.length,
    labels: data.labels.length,
    forms,
    pieces,
  });
  const sizes = fixed.map((piece) => piece.length);
  // 'labels' is the longest name of a form
  const longest = sink.tiles.map((tile) => Math.max(tile.kinds.length, tile.labels.length));
  const most = factsWith(
    sink.tiles.map(() => 'labels'),
    [...sizes, ...longest],
  );
  let room = limit - sizes.reduce((sum, size) => sum + encodedLength(size), 0);
  for (const part of fill(parts, about.title, most)) room -= Buffer.byteLength(part);
  const forms = chooseForms(
    sink.tiles.map((tile) => ({
      kinds: encodedLength(tile.kinds.length),
      labels: encodedLength(tile.labels.length),
    })),
    Math.max(0, room),
  );
  const tiles = sink.tiles.map((tile, i) => {
    const form = forms[i]!;
    return form === 'none' ? new Uint8Array(0) : tile[form];
  });
  const facts = factsWith(forms, [...sizes, ...tiles.map((tile) => tile.length)]);
  yield* fill(parts, about.title, facts, [...fixed, ...tiles]);
}

/** The texts of each column, and for each kind its label, zone, number of pages, and the number of its text in each column. */
function kindPieces(data: MapData): { texts: Uint8Array; rows: Uint8Array } {
  const texts = data.columns.map(() => ['']);
  const numbers = data.columns.map(() => new Map([['', 0]]));
  const lists: number[][] = [[], [], [], [], ...data.columns.map(() => [])];
  for (const kind of data.kinds) addKind(kind);
  const out = new ByteWriter();
  for (const list of lists) for (const value of list) out.number(value);
  return { texts: deflateRawSync(JSON.stringify(texts)), rows: deflateRawSync(out.bytes) };

  function addKind(kind: Kind): void {
    const facts = data.factsOf(kind);
    lists[0]!.push(kind.label);
    lists[1]!.push(kind.zone);
    lists[2]!.push(kind.pages);
    lists[3]!.push(facts || kind.number === 0 ? 1 : 0);
    const isRead = facts !== undefined && facts.text('state') === 'ok';
    for (const [i, name] of data.columns.entries()) {
      const text = facts && (isRead || name === 'state') ? facts.cell(name) : '';
      let number = numbers[i]!.get(text);
      if (number === undefined) {
        number = texts[i]!.push(text) - 1;
        numbers[i]!.set(text, number);
      }
      lists[4 + i]!.push(number);
    }
  }
}

/** A colour as CSS has it. */
export function css(rgb: number): string {
  return `#${rgb.toString(16).padStart(6, '0')}`;
}

/** Length of bytes in base64. */
function encodedLength(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

/** A page of the build: text between places to fill, which are comments such as `<!-- title -->`. */
export function page(name: string): string[] {
  const read = (file: string): string => readFileSync(new URL(file, PAGES), 'utf8');
  return read(`${name}.html`)
    .replace('<!-- style -->', () => `<style>\n${read('page.css')}</style>`)
    .replace('<!-- script -->', () => `<script>\n${read(`${name}.js`)}</script>`)
    .split(/(<!-- \w+ -->)/);
}

/** Fills the places of a page. The facts become JSON, and all pieces base64. */
export function* fill(
  parts: readonly string[],
  title: string,
  facts: unknown,
  pieces: readonly Uint8Array[] = [],
): Generator<string> {
  for (const part of parts) {
    if (part === '<!-- title -->') yield escapeHtml(title);
    else if (part !== '<!-- data -->') yield part;
    else {
      yield `<script type="application/json" id="page-facts">${scriptJson(facts)}</script>\n`;
      yield '<script type="text/plain" id="pieces">';
      for (const { buffer, byteOffset, length } of pieces) {
        yield Buffer.from(buffer, byteOffset, length).toString('base64');
      }
      yield '</script>';
    }
  }
}
