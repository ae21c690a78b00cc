import type { Emphasis } from './emphasis.ts';
import { type Box, type Model, TILE, type TileRuns } from './model.ts';

/** How much of the ground shows through pages that do not stand out. */
const FADED = 0.86;

/** Colours of the entries of the legend as the words of an ImageData. */
export interface Palette {
  readonly full: Uint32Array;
  readonly faded: Uint32Array;
  readonly ground: readonly [number, number, number];
}

export function paletteOf({ facts }: Model, theme: 'light' | 'dark', ground: string): Palette {
  const back = rgb(ground);
  const colours = facts.legend.map((entry) => rgb(entry[theme]));
  return {
    full: Uint32Array.from(colours, word),
    faded: Uint32Array.from(colours, (colour) => word(mix(colour, back, FADED))),
    ground: back,
  };
}

type Rgb = readonly [number, number, number];

function rgb(text: string): Rgb {
  const value = Number.parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  const at = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * part);
  return [at(0), at(1), at(2)];
}

/** Canvas words are stored as bytes r, g, b, a; every machine that runs a browser is little-endian. */
function word([r, g, b]: Rgb): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function unword(value: number): Rgb {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255];
}

/** A canvas with one pixel for each of its parts. */
function canvasOf(width: number, height: number, pixels: Uint32Array<ArrayBuffer>): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const bytes = new Uint8ClampedArray(pixels.buffer);
  canvas.getContext('2d')!.putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas;
}

/** Where the positions of a tile are in its box, by the way in which the curve runs through it. */
const tables = new Map<string, Uint32Array>();

function tableOf({ curve }: Model, first: number, count: number, box: Box): Uint32Array {
  const local = (position: number): number => {
    const place = curve.place(position);
    const x = place % curve.width;
    return ((place - x) / curve.width - box.y) * box.width + x - box.x;
  };
  const key = `${count} ${box.width} ${local(first)} ${local(first + count - 1)}`;
  let table = tables.get(key);
  if (!table) {
    table = Uint32Array.from({ length: count }, (_, i) => local(first + i));
    tables.set(key, table);
  }
  return table;
}

/** A tile with a pixel for each page. */
export function paintTile(
  model: Model,
  index: number,
  runs: TileRuns,
  palette: Palette,
  emphasis: Emphasis,
): HTMLCanvasElement {
  const first = index * TILE;
  const count = Math.min(TILE, model.facts.positions - first);
  const box = model.box(first, TILE);
  const table = tableOf(model, first, count, box);
  const pixels = new Uint32Array(box.width * box.height);
  const { form, starts, values } = runs;
  for (let i = 0; i < starts.length; i++) {
    const value = values[i]!;
    const code = model.codeOf(form, value);
    const colour = (emphasis.has(form, value) ? palette.full : palette.faded)[code]!;
    const end = i + 1 < starts.length ? starts[i + 1]! : count;
    for (let at = starts[i]!; at < end; at++) pixels[table[at]!] = colour;
  }
  return canvasOf(box.width, box.height, pixels);
}

/** The overview with a pixel for each cell, which covers `cell` pages. */
export function paintOverview(
  model: Model,
  palette: Palette,
  emphasis: Emphasis,
): { readonly canvas: HTMLCanvasElement; readonly cell: Box } {
  const { facts, overview, curve } = model;
  const size = 2 ** facts.cellShift;
  const cell = model.box(0, size);
  const width = Math.ceil(curve.width / cell.width);
  const height = Math.ceil(curve.height / cell.height);
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < facts.cells; i++) {
    const box = model.box(i * size, size);
    pixels[(box.y / cell.height) * width + box.x / cell.width] = cellColour(overview, i, palette, emphasis);
  }
  return { canvas: canvasOf(width, height, pixels), cell };
}

/** The most frequent entry that stands out, the fainter the smaller its share. */
function cellColour(
  { starts, codes, shares }: Model['overview'],
  cell: number,
  palette: Palette,
  emphasis: Emphasis,
): number {
  const first = starts[cell]!;
  const isAll = emphasis.chosen.size === 0;
  const found = emphasis.cells?.[cell];
  if (found === 0) return palette.faded[codes[first]!]!;
  if (isAll) return palette.full[codes[first]!]!;
  for (let i = first; i < starts[cell + 1]!; i++) {
    if (!emphasis.chosen.has(codes[i]!)) continue;
    const strength = 0.45 + (0.55 * shares[i]!) / 255;
    return word(mix(unword(palette.full[codes[i]!]!), palette.ground, 1 - strength));
  }
  return palette.faded[codes[first]!]!;
}
