import { deflateRawSync } from 'node:zlib';
import type { Sink } from '../export/exporter.ts';
import { groupPages, type PageGroup } from '../inspector/group-pages.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { PageCounts } from '../scan/scan.ts';
import { coloursFor } from './colours.ts';
import { css, fill, page } from './map-html.ts';
import { collapsedStacks, type PackedNode, packTree, treeOf } from './tree.ts';

/** What the script of a treemap knows besides the tree. */
export interface TreemapFacts {
  readonly pageBytes: number;
  readonly columns: readonly string[];
  readonly colours: readonly { readonly name: string; readonly light: string; readonly dark: string }[];
  readonly notes: readonly string[];
  /** Lengths of the pieces: the tree alone, as a PackedNode. */
  readonly pieces: readonly number[];
}

/** What to draw. */
export interface TreemapOptions {
  /** Columns of pages, from the root of the tree outwards. */
  readonly columns: readonly string[];
  readonly title: string;
}

/** What became of a treemap. */
export interface TreemapReport {
  readonly pages: number;
  readonly groups: number;
}

/** What is no memory is not drawn. */
const MEMORY = 'class != hole';
/** Groups below this part of all pages are drawn together. */
const SMALLEST = 1e-6;

/** Writes memory by its owners as a page of HTML. Adds all struct pages that it meets to `counts`, by state. */
export async function writeTreemap(
  inspector: Inspector,
  { columns, title }: TreemapOptions,
  sink: Sink,
  counts: PageCounts,
): Promise<TreemapReport> {
  const groups = groupsOf(inspector, columns, counts);
  const { pageBytes } = inspector.kernel;
  const tree = treeOf(columns, groups, title);
  const packed: PackedNode = packTree(tree, Math.max(1, tree.pages * SMALLEST));
  const names = packed[2].map(([name]) => name);
  const colours = coloursFor(names).map(({ light, dark }, i) => ({
    name: names[i]!,
    light: css(light),
    dark: css(dark),
  }));
  const piece = deflateRawSync(JSON.stringify(packed));
  const notes = inspector.gaps.map(({ what, why }) => `The ${what} could not be followed to the end: ${why}`);
  const facts: TreemapFacts = { pageBytes, columns, colours, notes, pieces: [piece.length] };
  for (const part of fill(page('treemap'), title, facts, [piece])) await sink(part);
  return { pages: tree.pages, groups: groups.length };
}

/** Writes memory by its owners as collapsed stacks of bytes; otherwise like `writeTreemap`. */
export async function writeCollapsed(
  inspector: Inspector,
  { columns }: TreemapOptions,
  sink: Sink,
  counts: PageCounts,
): Promise<TreemapReport> {
  const groups = groupsOf(inspector, columns, counts);
  const lines = [...collapsedStacks(columns, groups, inspector.kernel.pageBytes)];
  await sink(lines.join(''));
  return { pages: groups.reduce((sum, group) => sum + group.pages, 0), groups: groups.length };
}

function groupsOf(inspector: Inspector, columns: readonly string[], counts: PageCounts): PageGroup[] {
  // classes are looked for only if something asks for them
  const where = columns.some((name) => name === 'class' || name === 'owner') ? { where: MEMORY } : {};
  return groupPages(inspector, columns, where, counts);
}
