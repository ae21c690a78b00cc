import { stringify } from 'csv-stringify/sync';
import { printableJson } from '../core/printable.ts';

/** How rows are written as text, as plain data: other threads can be given it. Everything is ASCII but for names. */
export interface RowStyle {
  /** What stands before the value of each column: a delimiter, or the key of an object. */
  readonly before: readonly string[];
  /** What ends a row. */
  readonly end: string;
  /** How an empty value is written. */
  readonly empty: string;
  /** What stands on both sides of a 64-bit word: nothing or one character. */
  readonly quote: string;
  /**
   * How names and sets of names are quoted: as CSV does where need be (RFC 4180); the same, made harmless for
   * spreadsheets; or as JSON strings.
   */
  readonly names: 'csv' | 'safe csv' | 'json';
}

/** The text of a name or a set of names. */
export function nameText({ names }: RowStyle, value: string): string {
  if (names === 'json') return printableJson(value);
  return csvText(names === 'safe csv' ? harmless(value) : value);
}

/** Text that no spreadsheet takes for a formula; numbers are not text, and may be negative. */
export function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/** A cell of CSV with commas, quoted where need be. */
export function csvText(value: string): string {
  return stringify([[value]]).slice(0, -1);
}
