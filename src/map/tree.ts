import type { PageGroup } from '../inspector/group-pages.ts';

/** Memory by name, and what it consists of. */
export interface TreeNode {
  readonly name: string;
  pages: number;
  readonly children: Map<string, TreeNode>;
}

/** The name of what has no value in a column. */
const NO_VALUE = '(none)';
/** Columns whose paths become branches, directory by directory. */
const PATHS: readonly string[] = ['owner', 'file', 'memcg'];

/** The names on the way to a group: its values, with paths taken apart. Empty values at the end are left out. */
export function framesOf(columns: readonly string[], values: readonly string[]): string[] {
  const last = values.findLastIndex((value) => value !== '');
  return values.slice(0, last + 1).flatMap((value, i) => {
    if (value === '') return i === 0 ? [NO_VALUE] : [];
    const isPath = PATHS.includes(columns[i]!) && /^\/./.test(value);
    const shown = columns[i] === 'node' ? `node ${value}` : value;
    return isPath
      ? value
          .split('/')
          .slice(1)
          .map((part) => `/${part}`)
      : [shown];
  });
}

/** The tree of groups of pages. */
export function treeOf(columns: readonly string[], groups: readonly PageGroup[], name: string): TreeNode {
  const root: TreeNode = { name, pages: 0, children: new Map() };
  for (const { values, pages } of groups) {
    const frames = framesOf(columns, values);
    let node = root;
    node.pages += pages;
    for (const frame of frames.length === 0 ? [NO_VALUE] : frames) {
      let child = node.children.get(frame);
      if (!child) {
        child = { name: frame, pages: 0, children: new Map() };
        node.children.set(frame, child);
      }
      child.pages += pages;
      node = child;
    }
  }
  return root;
}

/**
 * Collapsed stacks, as flame graph programs and speedscope read them: a line for each group, its names joined by semicolons, a space, and
 * its bytes. A semicolon in a name becomes a comma.
 */
export function* collapsedStacks(
  columns: readonly string[],
  groups: readonly PageGroup[],
  pageBytes: number,
): Generator<string> {
  const sums = new Map<string, number>();
  for (const { values, pages } of groups) {
    const frames = framesOf(columns, values);
    const stack = (frames.length === 0 ? [NO_VALUE] : frames).map(frameText).join(';');
    sums.set(stack, (sums.get(stack) ?? 0) + pages);
  }
  for (const [stack, pages] of sums) yield `${stack} ${pages * pageBytes}\n`;
}

/** A name without what separates names and lines. */
function frameText(name: string): string {
  return name.replace(/[;\p{Cc}\p{Zl}\p{Zp}]/gu, (c) => (c === ';' ? ',' : ' '));
}

/** A node as JSON: name, pages, children with the most pages first. */
export type PackedNode = readonly [name: string, pages: number, children: readonly PackedNode[]];

/** Packs a tree. Children with fewer than `least` pages become one. */
export function packTree(node: TreeNode, least: number): PackedNode {
  const sorted = [...node.children.values()].sort((a, b) => b.pages - a.pages || (a.name < b.name ? -1 : 1));
  const shown = sorted.filter((child) => child.pages >= least);
  const others = sorted.slice(shown.length);
  const children = shown.map((child) => packTree(child, least));
  if (others.length > 0) {
    const pages = others.reduce((sum, child) => sum + child.pages, 0);
    children.push([`(${others.length} more)`, pages, []]);
  }
  return [node.name, node.pages, children];
}
