import { Blocks, most } from './blocks.ts';
import { GROUND, INK } from './colours.ts';
import { curveFor } from './curve.ts';
import type { Legend } from './legend.ts';
import type { CurveName } from './options.ts';
import type { Picture } from './png.ts';
import type { MapSink } from './read-map.ts';

/** How a picture is drawn. */
export interface PictureOptions {
  readonly curve: CurveName;
  readonly theme: 'light' | 'dark';
  /** Pixels of the picture along each side of a page, or of a block of pages. */
  readonly scale: number;
  /** Whether lines show where zones and nodes meet. */
  readonly outline: boolean;
}

/** Collects what becomes the pixels of a picture: 2^shift positions each. */
export class PictureSink {
  readonly shift: number;
  readonly labels: Uint16Array;
  readonly zones: Uint16Array;
  readonly #blocks: Blocks;

  constructor(positions: number, shift: number) {
    const pixels = Math.ceil(positions / 2 ** shift);
    this.shift = shift;
    this.labels = new Uint16Array(pixels);
    this.zones = new Uint16Array(pixels);
    this.#blocks = new Blocks(shift, (block, labels, counts, zone) => {
      this.labels[block] = Math.min(most(labels, counts), 0xffff);
      this.zones[block] = zone;
    });
  }

  get sink(): MapSink {
    if (this.shift > 0) return this.#blocks;
    return {
      run: (at, length, { label, zone }) => {
        this.labels.fill(label, at, at + length);
        this.zones.fill(zone, at, at + length);
      },
    };
  }

  /** To be called when all positions have come. */
  end(): void {
    this.#blocks.end();
  }
}

/** The smallest shift with which a map of `positions` has at most `pixels` pixels; blocks of the Hilbert curve are squares. */
export function shiftFor(positions: number, pixels: number, curve: CurveName): number {
  const step = curve === 'hilbert' ? 2 : 1;
  let shift = 0;
  while (positions / 2 ** shift > pixels) shift += step;
  return shift;
}

/** Draws a map. The colours of the palette are those of the legend in its order, then ground and ink. */
export function drawMap({ labels, zones }: PictureSink, legend: Legend, options: PictureOptions): Picture {
  const curve = curveFor(options.curve, labels.length);
  const { width, height } = curve;
  const ground = legend.entries.length;
  const cells = new Uint8Array(width * height).fill(ground);
  const zoneAt = new Uint16Array(options.outline ? width * height : 0);
  for (let i = 0; i < labels.length; i++) {
    const place = curve.place(i);
    cells[place] = legend.codes[labels[i]!]!;
    if (options.outline) zoneAt[place] = zones[i]!;
  }
  const palette = [...legend.entries.map((e) => e.colour), GROUND, INK].map((c) => c[options.theme]);
  const grown = enlarge(cells, width, options.scale);
  if (options.outline) outline(grown, zoneAt, width, options.scale, ground + 1);
  return { width: width * options.scale, height: height * options.scale, pixels: grown, palette };
}

function enlarge(cells: Uint8Array, width: number, scale: number): Uint8Array {
  if (scale === 1) return cells;
  const wide = width * scale;
  const out = new Uint8Array(cells.length * scale * scale);
  for (let y = 0; y * width < cells.length; y++) {
    const row = y * scale * wide;
    for (let x = 0; x < width; x++) {
      const at = row + x * scale;
      out.fill(cells[y * width + x]!, at, at + scale);
    }
    for (let copy = 1; copy < scale; copy++) out.copyWithin(row + copy * wide, row, row + wide);
  }
  return out;
}

/** Draws the left and upper edge of each cell whose neighbour there is of another zone. */
function outline(pixels: Uint8Array, zones: Uint16Array, width: number, scale: number, ink: number): void {
  const wide = width * scale;
  for (let i = 0; i < zones.length; i++) {
    const zone = zones[i]!;
    if (zone === 0) continue;
    const x = i % width;
    const at = ((i - x) / width) * scale * wide + x * scale;
    const left = x > 0 ? zones[i - 1]! : 0;
    const above = i >= width ? zones[i - width]! : 0;
    if (left !== zone && left !== 0) for (let y = 0; y < scale; y++) pixels[at + y * wide] = ink;
    if (above !== zone && above !== 0) pixels.fill(ink, at, at + scale);
  }
}
