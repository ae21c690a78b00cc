import { stringify } from 'csv-stringify/sync';
import { printableJson } from '../core/printable.ts';

/** The text of a 64-bit word: `0x` and hexadecimal digits, or a decimal number. */
export type WordForm = 'hex' | 'decimal';

/**
 * How rows are written as text. A style is plain data, so that other threads can receive it. All its text is ASCII, except
 * names.
 */
export interface RowStyle {
  /** The text before the value of each column: a delimiter, or the key of an object. */
  readonly before: readonly string[];
  /** The end of a row. */
  readonly end: string;
  /** The text of an empty value. */
  readonly empty: string;
  /** The character on both sides of a 64-bit word, if any. */
  readonly quote: string;
  /**
   * How names and sets of names are quoted: as in CSV where necessary (RFC 4180), the same but safe for spreadsheets, or as
   * JSON strings.
   */
  readonly names: 'csv' | 'safe csv' | 'json';
  /** The character between cells, which CSV quotes names for. */
  readonly delimiter: string;
  /** How 64-bit words are written; decimal ones are not quoted. */
  readonly words: WordForm;
}

/** The text of a name or a set of names. */
export function nameText({ names, delimiter }: RowStyle, value: string): string {
  if (names === 'json') return printableJson(value);
  return csvText(names === 'safe csv' ? harmless(value) : value, delimiter);
}

/** Prefixes text that a spreadsheet would take for a formula. Numbers are not affected, even negative ones. */
export function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/** A cell of CSV, quoted where necessary. */
export function csvText(value: string, delimiter: string): string {
  return stringify([[value]], { delimiter }).slice(0, -1);
}
