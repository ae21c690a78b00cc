import type { CurveName } from './options.ts';
import type { Stretch } from './places.ts';
import type { TileForm } from './tiles.ts';

/** What the script of the page knows besides the compressed pieces. */
export interface PageFacts {
  readonly title: string;
  /** What the pages are coloured by. */
  readonly value: string;
  readonly about: readonly (readonly [label: string, value: string])[];
  readonly notes: readonly string[];
  readonly curve: CurveName;
  readonly pageBytes: number;
  readonly positions: number;
  readonly stretches: readonly Stretch[];
  readonly zones: readonly ({ readonly node: number; readonly zone: string } | undefined | null)[];
  readonly legend: readonly {
    readonly label: string;
    readonly pages: number;
    readonly light: string;
    readonly dark: string;
  }[];
  /** Columns of a page. */
  readonly columns: readonly { readonly name: string; readonly help: string }[];
  /** Virtual addresses as hexadecimal digits without 0x: of the struct page of pfn 0, and its size. */
  readonly structPages: { readonly base: string; readonly size: number } | null;
  readonly cellShift: number;
  readonly cells: number;
  readonly kinds: number;
  readonly labels: number;
  /** Forms of the tiles. */
  readonly forms: readonly TileForm[];
  /** Lengths of the pieces in bytes, in their order: texts, kinds, codes of labels, overview, tiles. */
  readonly pieces: readonly number[];
}
