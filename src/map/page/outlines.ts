import type { Box, Model } from './model.ts';

/** Lines between zones and between nodes in units of pages, and a place for the name of each zone. */
export interface Outlines {
  readonly zones: Path2D;
  readonly nodes: Path2D;
  /** What the map takes of the rectangle of its curve. */
  readonly extent: { readonly width: number; readonly height: number };
  readonly labels: readonly { readonly text: string; readonly box: Box }[];
}

/** Finds where cells of different zones touch, and the largest square in each zone. */
export function outlinesOf(model: Model): Outlines {
  const { facts, overview } = model;
  const size = 2 ** facts.cellShift;
  const cell = model.box(0, size);
  const columns = Math.ceil(model.curve.width / cell.width);
  const rows = Math.ceil(model.curve.height / cell.height);
  const grid = new Uint16Array(columns * rows);
  const extent = { width: 0, height: 0 };
  for (let i = 0; i < facts.cells; i++) {
    const box = model.box(i * size, size);
    grid[(box.y / cell.height) * columns + box.x / cell.width] = overview.zones[i]!;
    extent.width = Math.max(extent.width, box.x + box.width);
    extent.height = Math.max(extent.height, box.y + box.height);
  }
  const zones = new Path2D();
  const nodes = new Path2D();
  const nodeOf = (zone: number): number => facts.zones[zone]?.node ?? -1;
  const edge = (a: number, b: number, x: number, y: number, toX: number, toY: number): void => {
    if (a === b) return;
    const isNode = a !== 0 && b !== 0 && nodeOf(a) !== nodeOf(b);
    const path = isNode ? nodes : zones;
    path.moveTo(x * cell.width, y * cell.height);
    path.lineTo(toX * cell.width, toY * cell.height);
  };
  const squares = new Uint16Array(columns * rows);
  const largest = new Map<number, Box>();
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = y * columns + x;
      const zone = grid[at]!;
      const left = x > 0 ? grid[at - 1]! : 0;
      const above = y > 0 ? grid[at - columns]! : 0;
      edge(zone, left, x, y, x, y + 1);
      edge(zone, above, x, y, x + 1, y);
      if (x === columns - 1) edge(zone, 0, x + 1, y, x + 1, y + 1);
      if (y === rows - 1) edge(zone, 0, x, y + 1, x + 1, y + 1);
      if (zone === 0) continue;
      const same = x > 0 && y > 0 && left === zone && above === zone && grid[at - columns - 1] === zone;
      const side = same
        ? 1 + Math.min(squares[at - 1]!, squares[at - columns]!, squares[at - columns - 1]!)
        : 1;
      squares[at] = side;
      if (side > (largest.get(zone)?.width ?? 0)) {
        largest.set(zone, { x: x - side + 1, y: y - side + 1, width: side, height: side });
      }
    }
  }
  if (model.curve.name === 'rows') wholeRows(grid, columns, rows, largest);
  const several = new Set(facts.zones.map((zone) => zone?.node)).size > 2;
  const labels = [...largest].map(([zone, { x, y, width, height }]) => {
    const { node, zone: name } = facts.zones[zone]!;
    return {
      text: several ? `node ${node} ${name}` : name,
      box: {
        x: x * cell.width,
        y: y * cell.height,
        width: width * cell.width,
        height: height * cell.height,
      },
    };
  });
  return { zones, nodes, labels, extent };
}

/** Takes the most rows of a zone that follow each other as its place, where a zone has whole rows. */
function wholeRows(grid: Uint16Array, columns: number, rows: number, places: Map<number, Box>): void {
  const longest = new Map<number, number>();
  let height = 0;
  for (let y = 0; y < rows; y++) {
    const zone = grid[y * columns]!;
    const isWhole = grid.subarray(y * columns, (y + 1) * columns).every((other) => other === zone);
    const goesOn = y > 0 && height > 0 && grid[(y - 1) * columns] === zone;
    height = isWhole ? (goesOn ? height + 1 : 1) : 0;
    if (zone === 0 || height <= (longest.get(zone) ?? 0)) continue;
    longest.set(zone, height);
    places.set(zone, { x: 0, y: y - height + 1, width: columns, height });
  }
}
