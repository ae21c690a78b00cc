import { type Area, squarify } from '../squarify.ts';
import type { PackedNode } from '../tree.ts';
import { sizeOf } from './elements.ts';
import { styleColour } from './theme.ts';

/** A node where it is drawn. */
export interface Placed {
  readonly node: PackedNode;
  /** From the node that fills the canvas outwards. */
  readonly path: readonly PackedNode[];
  readonly area: Area;
}

/** Height of the name above the children of a node. */
const TITLE = 18;
const GAP = 2;
/** Parts smaller than this on a side are not divided. */
const SMALLEST = 26;
const DEEPEST = 6;

/** Lays out a node and what fits of those below it, the outermost first. */
export function layOut(path: readonly PackedNode[], area: Area): Placed[] {
  const node = path.at(-1)!;
  const out: Placed[] = [{ node, path, area }];
  const [, , children] = node;
  const inner = {
    x: area.x + GAP,
    y: area.y + TITLE,
    width: area.width - 2 * GAP,
    height: area.height - TITLE - GAP,
  };
  if (path.length > DEEPEST || inner.width < SMALLEST || inner.height < SMALLEST) return out;
  const parts = squarify(
    children.map(([, pages]) => pages),
    inner,
  );
  for (const [i, child] of children.entries()) {
    const part = parts[i]!;
    if (part.width >= 1 && part.height >= 1) out.push(...layOut([...path, child], part));
  }
  return out;
}

/** Draws what was laid out. `colourOf` is the colour of a node, `isFaint` whether it does not stand out. */
export function drawTree(
  canvas: HTMLCanvasElement,
  placed: readonly Placed[],
  pageBytes: number,
  colourOf: (path: readonly PackedNode[]) => string,
  isFaint: (node: PackedNode) => boolean,
): void {
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext('2d')!;
  const [ink, ground, panel] = [styleColour('ink'), styleColour('ground'), styleColour('panel')];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = ground;
  context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  context.font = '12px system-ui, "DejaVu Sans", sans-serif';
  context.textBaseline = 'middle';
  for (const { node, path, area } of placed) {
    const { x, y, width, height } = area;
    const [w, h] = [Math.max(0.5, width - 1), Math.max(0.5, height - 1)];
    context.globalAlpha = isFaint(node) ? 0.25 : 1;
    context.fillStyle = path.length === 1 ? ground : colourOf(path);
    context.fillRect(x, y, w, h);
    // each level a little closer to the ground, so that a part stands out from what it is part of
    context.globalAlpha = path.length === 1 ? 0 : Math.max(0, 0.55 - 0.1 * path.length);
    context.fillStyle = ground;
    context.fillRect(x, y, w, h);
    context.globalAlpha = 1;
    if (width < 34 || height < TITLE) continue;
    const full = `${node[0]}  ${sizeOf(node[1] * pageBytes)}`;
    const text = shortened(context, full, node[0], width - 10);
    if (text === '') continue;
    const measured = context.measureText(text).width;
    context.globalAlpha = 0.85;
    context.fillStyle = panel;
    context.fillRect(x + 2, y + 2, measured + 6, TITLE - 4);
    context.globalAlpha = 1;
    context.fillStyle = ink;
    context.fillText(text, x + 5, y + TITLE / 2 + 0.5);
  }
}

/** The first of both texts that fits, or the beginning of the second. */
function shortened(context: CanvasRenderingContext2D, full: string, name: string, width: number): string {
  for (const text of [full, name]) if (context.measureText(text).width <= width) return text;
  for (let length = Math.min(name.length, 60); length > 2; length--) {
    const text = `${name.slice(0, length)}…`;
    if (context.measureText(text).width <= width) return text;
  }
  return '';
}
