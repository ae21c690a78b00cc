import type { Emphasis } from './emphasis.ts';
import { type Box, type Model, TILE } from './model.ts';
import { type Outlines, outlinesOf } from './outlines.ts';
import { type Palette, paintOverview, paintTile, paletteOf } from './paint.ts';
import { styleColour, themeNow } from './theme.ts';

/** Tiles are drawn if at most this many are visible, otherwise the overview. */
const MOST_VISIBLE = 320;
/** Tiles that are being unpacked at a time. */
const MOST_PENDING = 16;
const MOST_IMAGES = 400;
/** Pixels of a page from which on lines are drawn between pages, and text in them. */
const GRID_FROM = 12;
const TEXT_FROM = 76;
const MOST_SCALE = 160;

/** Draws the part of the map that is visible. Places are in units of pages, sizes of the screen in CSS pixels. */
export class View {
  readonly canvas: HTMLCanvasElement;
  readonly #model: Model;
  readonly #emphasis: Emphasis;
  readonly #outlines: Outlines;
  readonly #boxes: readonly Box[];
  readonly #images: Map<number, { readonly image: HTMLCanvasElement; readonly version: number }> = new Map();
  readonly #pending: Set<number> = new Set();
  #overview: { readonly canvas: HTMLCanvasElement; readonly version: number } | undefined;
  #palette: Palette | undefined;
  #paletteVersion = 0;
  #isDue = false;
  /** CSS pixels of a page, and where page (0, 0) is. */
  scale = 1;
  left = 0;
  top = 0;
  selected: number | undefined;
  onDraw: () => void = () => {};

  constructor(canvas: HTMLCanvasElement, model: Model, emphasis: Emphasis) {
    this.canvas = canvas;
    this.#model = model;
    this.#emphasis = emphasis;
    this.#outlines = outlinesOf(model);
    this.#boxes = model.facts.forms.map((_, i) => model.box(i * TILE, TILE));
  }

  get width(): number {
    return this.canvas.clientWidth;
  }

  get height(): number {
    return this.canvas.clientHeight;
  }

  /** Shows the whole map. */
  showAll(): void {
    const { width, height } = this.#outlines.extent;
    const margin = 16;
    this.scale = Math.min((this.width - 2 * margin) / width, (this.height - 2 * margin) / height, MOST_SCALE);
    this.left = (this.width - width * this.scale) / 2;
    this.top = (this.height - height * this.scale) / 2;
    this.draw();
  }

  /** Zooms by a factor; the place at (x, y) of the screen stays where it is. */
  zoom(factor: number, x: number = this.width / 2, y: number = this.height / 2): void {
    const { width, height } = this.#model.curve;
    const smallest = Math.min(this.width / width, this.height / height) / 2;
    const scale = Math.min(MOST_SCALE, Math.max(Math.min(smallest, 1), this.scale * factor));
    this.left = x - ((x - this.left) * scale) / this.scale;
    this.top = y - ((y - this.top) * scale) / this.scale;
    this.scale = scale;
    this.draw();
  }

  move(x: number, y: number): void {
    this.left += x;
    this.top += y;
    this.draw();
  }

  /** Brings a position to the middle, at least `scale` large. */
  goTo(position: number, scale: number): void {
    const { width } = this.#model.curve;
    const place = this.#model.curve.place(position);
    this.scale = Math.max(this.scale, Math.min(scale, MOST_SCALE));
    this.left = this.width / 2 - ((place % width) + 0.5) * this.scale;
    this.top = this.height / 2 - (Math.floor(place / width) + 0.5) * this.scale;
    this.draw();
  }

  /** Moves the map as far as needed to show a position. */
  reveal(position: number): void {
    const { x, y } = this.#model.box(position, 1);
    const margin = Math.min(40, this.width / 4, this.height / 4);
    const [left, top] = [x * this.scale + this.left, y * this.scale + this.top];
    const beyond = (at: number, size: number): number =>
      at < margin ? margin - at : Math.min(0, size - margin - this.scale - at);
    this.move(beyond(left, this.width), beyond(top, this.height));
  }

  /** The position at a point of the screen; undefined outside of the map. */
  positionAt(x: number, y: number): number | undefined {
    const { curve, facts } = this.#model;
    const column = Math.floor((x - this.left) / this.scale);
    const row = Math.floor((y - this.top) / this.scale);
    if (column < 0 || row < 0 || column >= curve.width || row >= curve.height) return undefined;
    const position = curve.at(column, row);
    return position < facts.positions ? position : undefined;
  }

  /** Takes the colours of the theme of the page. */
  recolour(): void {
    this.#palette = undefined;
    this.#paletteVersion++;
    this.draw();
  }

  draw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
      this.onDraw();
    });
  }

  #visible(): number[] {
    const [x0, y0] = [-this.left / this.scale, -this.top / this.scale];
    const [x1, y1] = [x0 + this.width / this.scale, y0 + this.height / this.scale];
    const out: number[] = [];
    for (const [i, { x, y, width, height }] of this.#boxes.entries()) {
      if (x < x1 && y < y1 && x + width > x0 && y + height > y0) out.push(i);
    }
    return out;
  }

  #draw(): void {
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const context = this.canvas.getContext('2d')!;
    const [ink, ground] = [styleColour('ink'), styleColour('ground')];
    this.#palette ??= paletteOf(this.#model, themeNow(), ground);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
    context.imageSmoothingEnabled = this.scale * ratio < 1;
    context.imageSmoothingQuality = 'high';
    const put = (image: HTMLCanvasElement, box: Box): void => {
      const at = (value: number, from: number): number => Math.round((value * this.scale + from) * ratio);
      const [x, y] = [at(box.x, this.left), at(box.y, this.top)];
      const [right, bottom] = [at(box.x + box.width, this.left), at(box.y + box.height, this.top)];
      context.drawImage(image, x, y, right - x, bottom - y);
    };
    put(this.#overviewImage(), { x: 0, y: 0, ...this.#overviewSize() });
    const visible = this.#visible();
    if (visible.length <= MOST_VISIBLE) {
      for (const index of visible) {
        const image = this.#tileImage(index);
        if (image) put(image, this.#boxes[index]!);
      }
    }
    this.#drawLines(context, ratio, ink, ground);
  }

  /** The cells of the overview may reach beyond the map. */
  #overviewSize(): { width: number; height: number } {
    const { canvas } = this.#overview!;
    const cell = this.#model.box(0, 2 ** this.#model.facts.cellShift);
    return { width: canvas.width * cell.width, height: canvas.height * cell.height };
  }

  get #version(): number {
    return this.#emphasis.version + this.#paletteVersion * 1e6;
  }

  #overviewImage(): HTMLCanvasElement {
    if (this.#overview?.version !== this.#version) {
      const { canvas } = paintOverview(this.#model, this.#palette!, this.#emphasis);
      this.#overview = { canvas, version: this.#version };
    }
    return this.#overview.canvas;
  }

  /** The image of a tile; undefined until its data is there. */
  #tileImage(index: number): HTMLCanvasElement | undefined {
    const version = this.#version;
    const known = this.#images.get(index);
    if (known?.version === version) return known.image;
    if (this.#pending.has(index) || this.#pending.size >= MOST_PENDING) return known?.image;
    const runs = this.#model.tile(index);
    if (!runs) return undefined;
    this.#pending.add(index);
    runs.then((tile) => {
      this.#pending.delete(index);
      const image = paintTile(this.#model, index, tile, this.#palette!, this.#emphasis);
      this.#images.delete(index);
      this.#images.set(index, { image, version: this.#version });
      if (this.#images.size > MOST_IMAGES) this.#images.delete(this.#images.keys().next().value!);
      this.draw();
    });
    return known?.image;
  }

  #drawLines(context: CanvasRenderingContext2D, ratio: number, ink: string, ground: string): void {
    const { scale, left, top } = this;
    const { zones, nodes, labels } = this.#outlines;
    if (scale >= GRID_FROM) this.#drawGrid(context, ratio, ground);
    context.setTransform(scale * ratio, 0, 0, scale * ratio, left * ratio, top * ratio);
    context.strokeStyle = ink;
    context.lineWidth = 1.2 / scale;
    context.stroke(zones);
    context.lineWidth = 3 / scale;
    context.stroke(nodes);
    if (this.selected !== undefined) {
      const { x, y, width, height } = this.#model.box(this.selected, 1);
      const grow = Math.max(1 / scale, (8 / scale - width) / 2);
      context.lineWidth = 4 / scale;
      context.strokeStyle = ground;
      context.strokeRect(x - grow, y - grow, width + 2 * grow, height + 2 * grow);
      context.lineWidth = 2 / scale;
      context.strokeStyle = ink;
      context.strokeRect(x - grow, y - grow, width + 2 * grow, height + 2 * grow);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = '12px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = 'top';
    for (const { text, box } of labels) {
      const x = Math.max(0, box.x * scale + left);
      const y = Math.max(0, box.y * scale + top);
      const right = Math.min(this.width, (box.x + box.width) * scale + left);
      const bottom = Math.min(this.height, (box.y + box.height) * scale + top);
      const { width } = context.measureText(text);
      if (right - x < width + 16 || bottom - y < 24) continue;
      context.fillStyle = ground;
      context.globalAlpha = 0.82;
      context.fillRect(x + 4, y + 4, width + 8, 17);
      context.globalAlpha = 1;
      context.fillStyle = ink;
      context.fillText(text, x + 8, y + 6);
    }
  }

  #drawGrid(context: CanvasRenderingContext2D, ratio: number, ground: string): void {
    const { scale, left, top } = this;
    const { curve } = this.#model;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.strokeStyle = ground;
    context.globalAlpha = 0.5;
    context.lineWidth = 1;
    context.beginPath();
    const first = (from: number): number => Math.max(0, Math.floor(-from / scale));
    const lastX = Math.min(curve.width, Math.ceil((this.width - left) / scale));
    const lastY = Math.min(curve.height, Math.ceil((this.height - top) / scale));
    for (let x = first(left); x <= lastX; x++) {
      const at = Math.round(x * scale + left) + 0.5;
      context.moveTo(at, Math.max(0, top));
      context.lineTo(at, Math.min(this.height, curve.height * scale + top));
    }
    for (let y = first(top); y <= lastY; y++) {
      const at = Math.round(y * scale + top) + 0.5;
      context.moveTo(Math.max(0, left), at);
      context.lineTo(Math.min(this.width, curve.width * scale + left), at);
    }
    context.stroke();
    context.globalAlpha = 1;
    if (scale >= TEXT_FROM) this.#drawNumbers(context, first(left), lastX, first(top), lastY, ground);
  }

  #drawNumbers(
    context: CanvasRenderingContext2D,
    firstX: number,
    lastX: number,
    firstY: number,
    lastY: number,
    ground: string,
  ): void {
    const { scale, left, top } = this;
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    context.textBaseline = 'bottom';
    for (let y = firstY; y < lastY; y++) {
      for (let x = firstX; x < lastX; x++) {
        const pfn = this.pfnOf(this.#model.curve.at(x, y));
        if (pfn === undefined) continue;
        const text = `${pfn}`;
        const { width } = context.measureText(text);
        const [at, bottom] = [x * scale + left + (scale - width) / 2, (y + 1) * scale + top - 4];
        context.globalAlpha = 0.7;
        context.fillStyle = ground;
        context.fillRect(at - 3, bottom - 14, width + 6, 15);
        context.globalAlpha = 1;
        context.fillStyle = styleColour('ink');
        context.fillText(text, at, bottom);
      }
    }
  }

  /** The pfn at a position; set by the page. */
  pfnOf: (position: number) => number | undefined = () => undefined;
}
