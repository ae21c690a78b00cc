import { type Comparison, type Flow, grownBy, type Part, type Suspect } from '../index.ts';
import { aligned } from './output.ts';
import type { DiffData } from './schemas/diff.ts';
import { sizeText } from './units.ts';

/** Page frames without a struct page that could be read. */
const NO_PAGE = '(none)';
const INDENT = '  ';
/** Rows and columns of the matrix; other uses are added up. */
const MATRIX = 7;
const REST = '(rest)';

type Stops = Comparison['stops'];

/** What is printed of a comparison as JSON. */
export function diffData(comparison: Comparison): DiffData {
  const { stops, measure, relation, byPage, uses, flows, growth, suspects } = comparison;
  return {
    dumps: stops.map(({ name, pageBytes }) => ({ name, pageSize: pageBytes ?? null })),
    measure,
    relation,
    comparedByPage: byPage,
    uses,
    flows: flows.map(({ from, to, pages }) => ({ from: from || null, to: to || null, pages })),
    growth: Object.fromEntries(growth.map(({ by, parts }) => [by, parts])),
    suspects: suspects.map(({ kind, owner, ...s }) => ({ ...s, kind: kind || null, owner: owner || null })),
  };
}

/** A comparison as a report for people, with the first `top` entries of each list. */
export function diffText(comparison: Comparison, top: number): string {
  const { stops, measure, byPage, uses, flows, growth, suspects } = comparison;
  const sections = [
    `${stops.map((s, i) => `${i + 1}  ${s.name}`).join('\n')}\n${relationText(comparison)}`,
    `pages by ${measure}\n${partTable(uses, measure, stops)}`,
  ];
  if (byPage) {
    sections.push(
      `where pages went, from the ${measure} in the first dump (rows) to that in the last (columns)\n${matrix(flows)}`,
    );
  }
  for (const { by, parts } of growth.slice(1)) {
    const grown = parts.filter((p) => grownBy(p) > 0);
    if (grown.length === 0) continue;
    sections.push(`what grew, by ${by}\n${partTable(grown.slice(0, top), by, stops)}${more(grown, top)}`);
  }
  if (byPage) {
    const found = suspects.length === 0 ? `${INDENT}none` : suspectTable(suspects.slice(0, top), stops);
    sections.push(
      `leak suspects: what grew and gave nothing back comes first, page cache last\n${found}${more(suspects, top)}`,
    );
  }
  return `${sections.join('\n\n')}\n`;
}

/** How the dumps of a comparison are related, as a sentence without a full stop. */
export function relationText({ relation: { kinship, evidence } }: Comparison): string {
  switch (kinship) {
    case 'same boot':
      return `one boot: ${evidence}`;
    case 'unknown':
      return `compared as dumps of one boot, but ${evidence}`;
    case 'other boot':
      return `different boots, compared by totals only: ${evidence}`;
    case 'other machine':
      return `different kernels, compared by totals only: ${evidence}`;
  }
}

function more(list: readonly unknown[], top: number): string {
  return list.length > top ? `\n${INDENT}(${list.length - top} more)` : '';
}

function signed(pages: number): string {
  return pages > 0 ? `+${pages}` : `${pages}`;
}

/** The change in size from the first dump to the last, whose pages may differ in size. */
function sizeChange(pages: readonly number[], stops: Stops): string {
  const [before, after] = [stops[0]!.pageBytes, stops.at(-1)!.pageBytes];
  if (before === undefined || after === undefined) return '?';
  const change = pages.at(-1)! * after - pages[0]! * before;
  return change === 0 ? '0' : `${change < 0 ? '-' : '+'}${sizeText(Math.abs(change), 1)}`;
}

/** Pages in each dump, and the change from the first to the last. */
function partTable(parts: readonly Part[], what: string, stops: Stops): string {
  const rows = parts.map((part) => [
    part.name,
    ...part.pages.map(String),
    signed(grownBy(part)),
    sizeChange(part.pages, stops),
  ]);
  const head = [what, ...stops.map((_, i) => `in ${i + 1}`), 'change', 'size'];
  return aligned([head, ...rows], INDENT);
}

function suspectTable(suspects: readonly Suspect[], stops: Stops): string {
  const rows = suspects.map((s) => [
    s.use,
    s.owner,
    ...s.pages.map(String),
    signed(s.growth),
    sizeChange(s.pages, stops),
    `${Math.floor(s.kept * 100)} %`,
    s.isMonotonic ? '' : 'shrank meanwhile',
  ]);
  const head = ['use', 'owner', ...stops.map((_, i) => `in ${i + 1}`), 'change', 'size', 'kept', ''];
  return aligned([head, ...rows], INDENT, [0, 1, head.length - 1]);
}

/** The largest uses by what moved, and the sum of the others. */
function matrix(flows: readonly Flow[]): string {
  const moved = new Map<string, number>();
  for (const { from, to, pages } of flows) {
    for (const name of [from, to]) {
      moved.set(name, (moved.get(name) ?? 0) + (from === to ? 0 : pages) + pages / 2 ** 32);
    }
  }
  const names = [...moved].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const shown = names.length <= MATRIX + 1 ? names : names.slice(0, MATRIX);
  const labels = [...shown, ...(names.length > shown.length ? [REST] : [])];
  const at = (name: string): number => (shown.includes(name) ? shown.indexOf(name) : shown.length);
  const cells = labels.map(() => labels.map(() => 0));
  let still = 0;
  for (const { from, to, pages } of flows) {
    // what stayed in one of the others is no flow between them
    if (at(from) === shown.length && from === to) still += pages;
    cells[at(from)]![at(to)]! += pages;
  }
  const rows = cells.map((row, i) => [labels[i] || NO_PAGE, ...row.map((n) => (n === 0 ? '.' : `${n}`))]);
  const rest =
    names.length > shown.length
      ? `\n${INDENT}${REST} is ${names.length - shown.length} others; ${still} pages stayed in theirs`
      : '';
  return `${aligned([['', ...labels.map((l) => l || NO_PAGE)], ...rows], INDENT)}${rest}`;
}
