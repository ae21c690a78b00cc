import { UsageError } from '../core/errors.ts';

/** How the values of a column are held and printed. */
export type ColumnKind =
  /** A decimal number that is exact in a double. */
  | 'number'
  /** An unsigned 64-bit word in two halves, printed as 0x and hexadecimal digits. */
  | 'word'
  /** One of a list of names. */
  | 'name'
  /** A set of names, printed joined by |. */
  | 'set';

/** The range of a number column, for schemas of other formats; `int64` if a column does not say. */
export type NumberType = 'uint8' | 'uint16' | 'int32' | 'uint32' | 'int64';

/** What a column is: for help texts, filters and exporters. */
export interface ColumnSpec<N extends string = string, K extends ColumnKind = ColumnKind> {
  readonly name: N;
  readonly kind: K;
  /** One line for the user, without a full stop. */
  readonly help: string;
  /** Whether a row may have no value in it. */
  readonly mayBeEmpty?: boolean;
  readonly numbers?: NumberType;
  /** Whether its name alone is a condition in an expression: that it is not 0. */
  readonly isCondition?: true;
  /** The side that a table aligns it to; numbers and words go to the right if nothing is given. */
  readonly align?: 'left' | 'right';
  /** Characters that a table leaves room for at least, whatever the first rows hold. */
  readonly width?: number;
}

/** Numbers. Of every kind of column: a row whose `empty` is 1 has no value. */
export interface NumberColumn {
  readonly kind: 'number';
  readonly values: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array | Int8Array;
  readonly empty?: Uint8Array;
}

/** Unsigned 64-bit words in two halves. */
export interface WordColumn {
  readonly kind: 'word';
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly empty?: Uint8Array;
}

/** Indices into `names`; an empty name is no value, and an index beyond the last name is printed as a number. */
export interface NameColumn {
  readonly kind: 'name';
  readonly codes: Uint32Array | Uint16Array | Uint8Array;
  readonly names: readonly string[];
  readonly empty?: Uint8Array;
}

/** Sets of names: bit i, counted through `low` and then `high`, stands for `names[i]`. */
export interface SetColumn {
  readonly kind: 'set';
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly names: readonly string[];
  readonly empty?: Uint8Array;
}

/** The values of one column for all rows of a batch, as typed arrays. */
export type Column = NumberColumn | WordColumn | NameColumn | SetColumn;

/** The values of a column of one kind. */
export type ColumnOf<K extends ColumnKind> = Extract<Column, { kind: K }>;

/** What the value with this code is called; `?5` where there is only a number for it. */
export function nameOf(names: readonly string[], code: number): string {
  return names[code] ?? `?${code}`;
}

/** The side that a table aligns a column to. */
export function alignOf({ kind, align }: ColumnSpec): 'left' | 'right' {
  return align ?? (kind === 'number' || kind === 'word' ? 'right' : 'left');
}

/** Checks names of columns. Throws UsageError if there are none, for one that does not exist, or is named twice. */
export function checkColumnNames<N extends string>(names: readonly string[], existing: readonly N[]): N[] {
  if (names.length === 0) throw new UsageError('no columns given');
  for (const [i, name] of names.entries()) {
    if (!existing.includes(name as N)) {
      throw new UsageError(`there is no column '${name}'; choose from ${existing.join(', ')}`);
    }
    if (names.indexOf(name) < i) throw new UsageError(`column '${name}' is given twice`);
  }
  return names as N[];
}
