import type { Shade } from './values/map-value.ts';

/** A colour as 0xrrggbb, on a light and on a dark ground. */
export interface Colour {
  readonly light: number;
  readonly dark: number;
}

const both = (rgb: number): Colour => ({ light: rgb, dark: rgb });

export const GROUND: Colour = { light: 0xffffff, dark: 0x14181d };
/** Lines around zones and text in pictures. */
export const INK: Colour = { light: 0x1b1f24, dark: 0xe8ebee };

/** Free memory recedes, so that what is in use stands out. */
const FREE: Colour = { light: 0xd9e2ea, dark: 0x2f3943 };
const RESERVED: Colour = { light: 0x8a8a8a, dark: 0x777777 };
const NO_PAGE: Colour = { light: 0xf3f0e8, dark: 0x1f1c16 };
export const UNREADABLE: Colour = both(0xe5007e);
export const UNKNOWN: Colour = { light: 0x3a3a3a, dark: 0xd8d8d8 };
/** What is the same in both dumps of a difference. */
const SAME: Colour = { light: 0xe6e6e1, dark: 0x2a2d30 };

/**
 * Colours for categories, told apart with each kind of colour blindness: those of Okabe and Ito (2008) first, then others that differ
 * from them in lightness.
 */
export const DISTINCT: readonly Colour[] = [
  both(0x0072b2),
  both(0xe69f00),
  both(0x009e73),
  both(0xcc79a7),
  both(0xd55e00),
  both(0x56b4e9),
  both(0xf0e442),
  { light: 0x332288, dark: 0x8f80e0 },
  both(0x882255),
  both(0x999933),
  both(0x44aa99),
  { light: 0x661100, dark: 0xb5604a },
  both(0xaa4499),
  both(0xddcc77),
  { light: 0x117733, dark: 0x3f9d5c },
  both(0xcc6677),
  both(0x88ccee),
  { light: 0x224466, dark: 0x6d8fb5 },
  both(0xb0c060),
  both(0xa07850),
  both(0x7a5fb0),
  both(0xf0a890),
  both(0x5f8f8f),
  both(0xd0a0e0),
  both(0x708020),
];

const distinct = (index: number): Colour => DISTINCT[index]!;

/** Colours of labels that mean the same in every map. */
const OF_LABEL: ReadonlyMap<string, Colour> = new Map([
  ['no struct page', NO_PAGE],
  ['not known', UNKNOWN],
  ['unknown', UNKNOWN],
  ['hole', { light: 0xe9dfc8, dark: 0x3a3223 }],
  ['reserved', RESERVED],
  ['buddy', FREE],
  ['free_buddy', FREE],
  ['free_pcp', { light: 0xb4c6d6, dark: 0x49596a }],
  ['anon', distinct(0)],
  ['slab', distinct(1)],
  ['file', distinct(2)],
  ['hugetlb', distinct(3)],
  ['table', distinct(4)],
  ['page_table', distinct(4)],
  ['other', distinct(5)],
  ['vmalloc', distinct(5)],
  ['shmem', distinct(6)],
  ['ksm', distinct(6)],
  ['zsmalloc', distinct(7)],
  ['memmap', distinct(8)],
  ['kernel_image', distinct(11)],
  ['percpu', distinct(9)],
  ['kernel_stack', distinct(12)],
  ['Movable', distinct(0)],
  ['Unmovable', distinct(4)],
  ['Reclaimable', distinct(1)],
  ['HighAtomic', distinct(3)],
  ['CMA', distinct(2)],
  ['Isolate', distinct(6)],
  ['read', distinct(0)],
  ['same', SAME],
]);

/** Scales from faint to strong: one of blue for free memory, one of brown for what is in use; both also rise in darkness. */
const SCALES: Record<
  Shade['scale'],
  { readonly light: readonly number[]; readonly dark: readonly number[] }
> = {
  free: { light: [0xe3edf5, 0x6f9fc8, 0x1c4f86], dark: [0x233242, 0x3f74a6, 0xa8d3f5] },
  used: {
    light: [0xfbe3b5, 0xf0a33a, 0xc8541b, 0x5c1f0c],
    dark: [0x4a3113, 0xa9601b, 0xf09a3a, 0xfff0c8],
  },
  plain: { light: [0xe0e0e0, 0x505050], dark: [0x303030, 0xb0b0b0] },
};

/** The colour at a place on a scale. */
export function shadeColour({ scale, at }: Shade): Colour {
  return { light: between(SCALES[scale].light, at), dark: between(SCALES[scale].dark, at) };
}

function between(stops: readonly number[], at: number): number {
  const place = Math.min(1, Math.max(0, at)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(place));
  const [a, b] = [stops[index]!, stops[index + 1]!];
  const part = (shift: number): number => {
    const [from, to] = [(a >> shift) & 255, (b >> shift) & 255];
    return Math.round(from + (to - from) * (place - index)) << shift;
  };
  return part(16) | part(8) | part(0);
}

/** Gives each label a colour: its own, or the next one that no other label has. Labels beyond the palette share its colours. */
export function coloursFor(labels: readonly string[]): Colour[] {
  const taken = new Set(labels.map((label) => OF_LABEL.get(label)));
  const rest = DISTINCT.filter((colour) => !taken.has(colour));
  let next = 0;
  return labels.map((label) => OF_LABEL.get(label) ?? rest[next++ % rest.length] ?? UNKNOWN);
}
