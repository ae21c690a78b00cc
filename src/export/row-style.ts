/** What stands around the values; everything is ASCII but for names. */
export interface RowStyle {
  /** What stands before the value of each column: a delimiter, or the key of an object. */
  readonly before: readonly string[];
  /** What ends a row. */
  readonly end: string;
  /** How an empty value is written. */
  readonly empty: string;
  /** What stands on both sides of a 64-bit word: nothing or one character. */
  readonly quote: string;
  /** How a name or a set of names is written, quoted where need be. */
  text(value: string, kind: 'name' | 'set'): string;
}
