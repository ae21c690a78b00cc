import type { Sink } from '../export/exporter.ts';
import { aboutOf } from '../inspector/about.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { noCounts, type PageCounts } from '../scan/scan.ts';
import { differenceFrom } from './difference.ts';
import { type Legend, legendOf } from './legend.ts';
import { mapHtml, sizeLimit } from './map-html.ts';
import { moreColumns } from './more-columns.ts';
import type { CurveName, MapBy } from './options.ts';
import { drawMap, PictureSink, shiftFor } from './picture.ts';
import { positionsOf } from './places.ts';
import { encodePng } from './png.ts';
import { type MapData, type MapJob, placesOf, readMap } from './read-map.ts';
import { TileSink } from './tiles.ts';
import { MAP_VALUES } from './values/registry.ts';

/** What to draw. */
export interface MapOptions {
  readonly by: MapBy;
  readonly curve: CurveName;
  /** Another dump of the same machine: the map then shows where they differ. */
  readonly other?: Inspector;
  /** Receives the number of struct pages of the other dump in each state. */
  readonly otherCounts?: PageCounts;
  /** What the map is of, for its title. */
  readonly title: string;
  /** Takes what the dump does not tell for the value of the map, one sentence each. */
  readonly trouble: (sentence: string) => void;
}

/** How a PNG is drawn. */
export interface PictureSize {
  readonly theme: 'light' | 'dark';
  /** Maximum number of pages, or blocks of pages, along each side on average. */
  readonly size: number;
  /** Pixels along each side of a page or block. */
  readonly scale: number;
  readonly outline: boolean;
}

/** What became of a map. */
export interface MapReport {
  /** What a colour means, and how many pages have it. */
  readonly legend: readonly { readonly label: string; readonly pages: number }[];
  readonly notes: readonly string[];
  /** Those of the notes that are about a difference. */
  readonly doubts: readonly string[];
  /** Pages in a pixel; 1 in a page of HTML. */
  readonly pagesPerPixel: number;
}

/** Writes a map as a PNG. Adds all struct pages that it meets to `counts`, by state. Throws UnsupportedError for a value that the dump cannot tell. */
export async function writeMapPng(
  inspector: Inspector,
  options: MapOptions & PictureSize,
  sink: Sink,
  counts: PageCounts,
): Promise<MapReport> {
  const { job, notes } = await jobOf(inspector, options);
  const positions = positionsOf(placesOf(inspector));
  const picture = new PictureSink(positions, shiftFor(positions, options.size ** 2, options.curve));
  const data = await readMap(inspector, job, picture.sink, counts);
  picture.end();
  const legend = legendOf(data, job.value);
  const told = [...notes, ...notesOn(data)];
  const texts: [string, string][] = [
    ['Title', `Page frames of ${options.title} by ${job.value.name}`],
    ['Description', [...legend.entries.map((e) => `${e.label}: ${e.pages} pages`), ...told].join('\n')],
  ];
  await sink(encodePng({ ...drawMap(picture, legend, options), texts }));
  return reportOf(legend, told, notes, 2 ** picture.shift);
}

/** Writes a map as a page of HTML with at most `limit` bytes, by default what suits the number of pages; otherwise like `writeMapPng`. */
export async function writeMapHtml(
  inspector: Inspector,
  options: MapOptions & { readonly limit?: number },
  sink: Sink,
  counts: PageCounts,
): Promise<MapReport> {
  const { job, notes } = await jobOf(inspector, options);
  const positions = positionsOf(placesOf(inspector));
  const more = moreColumns(inspector, job, positions);
  const tiles = new TileSink(positions);
  const wanted = { ...job, columns: more.columns, own: [...job.own, ...more.own] };
  const data = await readMap(inspector, wanted, tiles, counts);
  tiles.end();
  const legend = legendOf(data, job.value);
  const told = [...notes, ...more.notes, ...notesOn(data)];
  const { model, kernel } = inspector;
  const page = {
    title: options.title,
    value: job.value.name,
    about: aboutOf(inspector, 'map', counts).map(
      ([key, value]) => [key.replace('structpage.', '').replaceAll('_', ' '), value] as const,
    ),
    notes: told,
    curve: options.curve,
    pageBytes: kernel.pageBytes,
    structPages:
      model.base === undefined || model.base < 0n
        ? null
        : { base: model.base.toString(16), size: model.pageSize },
  };
  for (const part of mapHtml(tiles, data, legend, page, options.limit ?? sizeLimit(positions))) {
    await sink(part);
  }
  return reportOf(legend, told, notes, 1);
}

function reportOf(
  { entries }: Legend,
  notes: readonly string[],
  doubts: readonly string[],
  pagesPerPixel: number,
): MapReport {
  return { legend: entries.map(({ label, pages }) => ({ label, pages })), notes, doubts, pagesPerPixel };
}

async function jobOf(
  inspector: Inspector,
  { by, other, otherCounts = noCounts(), trouble }: MapOptions,
): Promise<{ job: MapJob; notes: readonly string[] }> {
  const value = MAP_VALUES[by];
  const own = value.open?.(inspector, trouble) ?? [];
  if (!other) return { job: { value, columns: [], own }, notes: [] };
  const difference = await differenceFrom(value, own, inspector, other, trouble, otherCounts);
  return { job: { value: difference.value, columns: [], own: difference.own }, notes: difference.notes };
}

function notesOn({ stretches, kinds }: MapData): string[] {
  const notes: string[] = [];
  for (const [i, { start }] of stretches.entries()) {
    const before = stretches[i - 1]?.end ?? 0;
    if (start > before) notes.push(`Left out: pfns ${before} to ${start - 1}, which have no struct pages.`);
  }
  const short = kinds.filter((kind) => kind.tuple === undefined && kind.number !== 0);
  if (short.length > 0) {
    const pages = short.reduce((sum, kind) => sum + kind.pages, 0);
    notes.push(`${pages} pages have no columns here: there are too many different ones.`);
  }
  return notes;
}
