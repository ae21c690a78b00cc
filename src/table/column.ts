import { UsageError } from '../core/errors.ts';

/** How a column stores and prints its values. */
export type ColumnKind =
  /** A decimal number, exact in a double. */
  | 'number'
  /** An unsigned 64-bit word in two halves, printed in hexadecimal with 0x. */
  | 'word'
  /** One of a list of names. */
  | 'name'
  /** A set of names, printed with | between them. */
  | 'set';

/**
 * What the numbers of a column are, for the schemas of other formats; `int64` by default. A `double` need not be whole. A
 * `timestamp` is in milliseconds since 1970-01-01 UTC.
 */
export type NumberType = 'uint8' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'double' | 'timestamp';

/** The description of a column, for help texts, filters and exporters. */
export interface ColumnSpec<N extends string = string, K extends ColumnKind = ColumnKind> {
  readonly name: N;
  readonly kind: K;
  /** One line for the user, without a full stop. */
  readonly help: string;
  /** Whether rows can be without a value. */
  readonly mayBeEmpty?: boolean;
  readonly numbers?: NumberType;
  /** Whether typed formats write a word as a signed number, since it is an offset in most rows; the bits are the same. */
  readonly isOffset?: true;
  /** Whether the name alone is a test in an expression: that the value is not 0. */
  readonly isCondition?: true;
  /** What stands between the parts of a name that is a list: `has` asks for one of them. */
  readonly parts?: string;
  /** The side to which a table aligns it; by default numbers and words are right-aligned. */
  readonly align?: 'left' | 'right';
  /** Minimum width in a table, in characters, whatever the first rows hold. */
  readonly width?: number;
}

/** Numbers. In every kind of column, a row whose `empty` is 1 has no value. */
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

/** Indices into `names`. An empty name is no value; an index beyond the last name is printed as a number. */
export interface NameColumn {
  readonly kind: 'name';
  readonly codes: Uint32Array | Uint16Array | Uint8Array;
  readonly names: readonly string[];
  readonly empty?: Uint8Array;
}

/** Sets of names: bit i of the 64 bits in `low` and `high` stands for `names[i]`. */
export interface SetColumn {
  readonly kind: 'set';
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly names: readonly string[];
  readonly empty?: Uint8Array;
}

/** The values of one column for all rows of a batch, as typed arrays. */
export type Column = NumberColumn | WordColumn | NameColumn | SetColumn;

/** The values of a column of a given kind. */
export type ColumnOf<K extends ColumnKind> = Extract<Column, { kind: K }>;

/** The name of a code; `?5` for a code without a name. */
export function nameOf(names: readonly string[], code: number): string {
  return names[code] ?? `?${code}`;
}

/** The side to which a table aligns a column. */
export function alignOf({ kind, align }: ColumnSpec): 'left' | 'right' {
  return align ?? (kind === 'number' || kind === 'word' ? 'right' : 'left');
}

/** Checks a list of column names. Throws UsageError if it is empty, or if a name is unknown or repeated. */
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
