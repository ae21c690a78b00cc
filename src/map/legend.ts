import { type Colour, coloursFor, shadeColour, UNREADABLE as UNREADABLE_COLOUR } from './colours.ts';
import { type MapData, NO_PAGE_LABEL, UNREADABLE } from './read-map.ts';
import { type MapValue, NOT_KNOWN } from './values/map-value.ts';

/** What a colour of the map means. */
export interface LegendEntry {
  readonly label: string;
  readonly pages: number;
  readonly colour: Colour;
}

/** The legend, and the entry of each label of the data. */
export interface Legend {
  readonly entries: readonly LegendEntry[];
  /** Index into `entries` by label. */
  readonly codes: Uint8Array<ArrayBuffer>;
}

/** More labels are joined in one entry: more colours could not be told apart. */
const MOST_ENTRIES = 24;

/** The legend of a map: what has a place on a scale comes in its order, the rest by number of pages, and special labels last. */
export function legendOf(data: MapData, value: MapValue): Legend {
  const pages = new Float64Array(data.labels.length);
  for (const kind of data.kinds) pages[kind.label]! += kind.pages;
  const all = data.labels
    .map((label, number) => ({ label, number, pages: pages[number]!, shade: value.shade?.(label) }))
    .filter((entry) => entry.pages > 0);
  const isSpecial = (label: string): boolean =>
    label === NO_PAGE_LABEL || label === NOT_KNOWN || label.startsWith(UNREADABLE);
  const special = all.filter(({ label }) => isSpecial(label)).sort((a, b) => b.pages - a.pages);
  const scaled = all.filter((e) => e.shade !== undefined).sort((a, b) => a.shade!.rank - b.shade!.rank);
  const named = all
    .filter((e) => e.shade === undefined && !isSpecial(e.label))
    .sort((a, b) => b.pages - a.pages || (a.label < b.label ? -1 : 1));
  const shown = named.length > MOST_ENTRIES ? named.slice(0, MOST_ENTRIES - 1) : named;
  const others = named.slice(shown.length);
  const colours = coloursFor([...shown, ...special].map((e) => e.label));
  const entries: LegendEntry[] = [];
  const codes = new Uint8Array(data.labels.length);
  const add = (label: string, count: number, colour: Colour, numbers: readonly number[]): void => {
    for (const number of numbers) codes[number] = entries.length;
    entries.push({ label, pages: count, colour });
  };
  for (const { label, number, pages: count, shade } of scaled)
    add(label, count, shadeColour(shade!), [number]);
  for (const [i, { label, number, pages: count }] of shown.entries())
    add(label, count, colours[i]!, [number]);
  if (others.length > 0) {
    const count = others.reduce((sum, e) => sum + e.pages, 0);
    add(
      `${others.length} others`,
      count,
      { light: 0xa9a9a9, dark: 0x606060 },
      others.map((e) => e.number),
    );
  }
  for (const [i, { label, number, pages: count }] of special.entries()) {
    const colour = label.startsWith(UNREADABLE) ? UNREADABLE_COLOUR : colours[shown.length + i]!;
    add(label, count, colour, [number]);
  }
  return { entries, codes };
}
