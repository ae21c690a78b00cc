import { pfnAt } from '../places.ts';
import { countOf, hex } from './elements.ts';
import { type Model, TILE, valueAt } from './model.ts';

/** What the map tells about a place. */
export interface Description {
  readonly title: string;
  /** Entry of the legend; undefined if several are there. */
  readonly code: number | undefined;
  readonly rows: readonly (readonly [string, string])[];
}

/** Entries of an overview cell that are listed. */
const MOST_SHARES = 6;

/** What is known of the page at a position. */
export async function describePage(model: Model, position: number): Promise<Description> {
  const { facts } = model;
  const pfn = pfnAt(facts.stretches, position);
  if (pfn === undefined) return { title: 'behind the last page', code: undefined, rows: [] };
  const rows: [string, string][] = [
    ['pfn', `${pfn} (${hex(pfn)})`],
    ['physical address', hex(BigInt(pfn) * BigInt(facts.pageBytes))],
  ];
  if (facts.structPages) {
    const { base, size } = facts.structPages;
    rows.push(['struct page', hex(BigInt(`0x${base}`) + BigInt(pfn) * BigInt(size))]);
  }
  const title = `page ${pfn}`;
  const runs = await model.tile(Math.floor(position / TILE));
  if (!runs) {
    const { rows: shares } = describeCell(model, position);
    return {
      title,
      code: undefined,
      rows: [...rows, ['detail', 'left out of this file; its block holds'], ...shares],
    };
  }
  const value = valueAt(runs, position % TILE);
  const code = model.codeOf(runs.form, value);
  rows.push([facts.value, facts.legend[code]!.label]);
  if (runs.form === 'labels') {
    rows.push(['columns', 'left out of this file']);
    return { title, code, rows };
  }
  if (model.kindKept[value] === 0) rows.push(['columns', 'left out: there are too many different ones']);
  for (const [i, { name }] of facts.columns.entries()) {
    const text = model.texts[i]![model.cellsOf[i]![value]!]!;
    if (text === '' || name === facts.value || (name === 'state' && text === 'ok')) continue;
    rows.push([name, text]);
  }
  return { title, code, rows };
}

/** What is in the cell of the overview at a position. */
export function describeCell(model: Model, position: number): Description {
  const { facts, overview } = model;
  const size = 2 ** facts.cellShift;
  const cell = Math.floor(position / size);
  const pfn = pfnAt(facts.stretches, cell * size);
  const rows: [string, string][] = [];
  const end = overview.starts[cell + 1]!;
  for (let i = overview.starts[cell]!; i < end && rows.length < MOST_SHARES; i++) {
    const share = Math.round((overview.shares[i]! / 255) * 100);
    rows.push([facts.legend[overview.codes[i]!]!.label, share === 0 ? 'below 1 %' : `${share} %`]);
  }
  const zone = facts.zones[overview.zones[cell]!];
  if (zone) rows.push(['zone', `node ${zone.node} ${zone.zone}`]);
  const isOne = end - overview.starts[cell]! === 1;
  return {
    title: pfn === undefined ? 'behind the last page' : `${countOf(size)} pages from pfn ${pfn}`,
    code: isOne ? overview.codes[overview.starts[cell]!] : undefined,
    rows,
  };
}
