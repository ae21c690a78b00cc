/** A rectangle. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Divides a rectangle into parts in proportion to `sizes`, which are in descending order. The parts are as close to squares as rows and columns
 * of them allow (Bruls, Huizing and van Wijk, Squarified Treemaps, 2000).
 */
export function squarify(sizes: readonly number[], area: Area): Area[] {
  const out: Area[] = [];
  let total = sizes.reduce((sum, size) => sum + size, 0);
  let { x, y, width, height } = area;
  let first = 0;
  while (first < sizes.length) {
    const isWide = width >= height;
    const side = isWide ? height : width;
    const scale = total > 0 ? (width * height) / total : 0;
    let end = first + 1;
    let sum = sizes[first]!;
    let worst = worstRatio(sizes[first]!, sizes[first]!, sum, scale, side);
    while (end < sizes.length) {
      const more = sum + sizes[end]!;
      const ratio = worstRatio(sizes[first]!, sizes[end]!, more, scale, side);
      if (ratio > worst) break;
      [sum, worst] = [more, ratio];
      end++;
    }
    const thickness = side > 0 ? (sum * scale) / side : 0;
    let at = isWide ? y : x;
    for (let i = first; i < end; i++) {
      const length = sum > 0 ? (sizes[i]! / sum) * side : 0;
      out.push(
        isWide
          ? { x, y: at, width: thickness, height: length }
          : { x: at, y, width: length, height: thickness },
      );
      at += length;
    }
    if (isWide) [x, width] = [x + thickness, Math.max(0, width - thickness)];
    else [y, height] = [y + thickness, Math.max(0, height - thickness)];
    total -= sum;
    first = end;
  }
  return out;
}

/** The least square part of a row of parts whose largest and smallest sizes are given. */
function worstRatio(largest: number, smallest: number, sum: number, scale: number, side: number): number {
  const area = sum * scale;
  if (area === 0 || smallest === 0) return Number.POSITIVE_INFINITY;
  const squared = side * side;
  return Math.max((squared * largest * scale) / area ** 2, area ** 2 / (squared * smallest * scale));
}
