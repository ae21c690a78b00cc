import type { ColumnName } from '../../decode/columns/registry.ts';
import type { Inspector } from '../../inspector/inspector.ts';
import type { Facts, OwnColumn } from '../lanes.ts';

/** A place on a scale of colours. */
export interface Shade {
  readonly scale: 'free' | 'used' | 'plain';
  /** From 0, the faintest, to 1. */
  readonly at: number;
  /** Place in the legend. */
  readonly rank: number;
}

/**
 * SEAM: what colours the pages of a map. To add one: a file here, and its line in `registry.ts`. A value that a dump cannot tell throws
 * UnsupportedError in `open`; what it cannot tell of some pages gets the label NOT_KNOWN.
 */
export interface MapValue {
  readonly name: string;
  /** One line for the user. */
  readonly help: string;
  /** The columns of pages that it needs. */
  readonly columns: readonly ColumnName[];
  /** Columns that are not those of pages. */
  open?(inspector: Inspector, trouble: (sentence: string) => void): readonly OwnColumn[];
  /** The label of a page in the legend. */
  label(page: Facts): string;
  /** The colour of a label that has a place on a scale; others get colours of their own. */
  shade?(label: string): Shade | undefined;
}

/** The label of pages whose value the dump does not tell. */
export const NOT_KNOWN = 'not known';
