/** A line of bash up to the cursor. */
export interface TypedLine {
  /** The words before the one at the cursor, without quotation marks. */
  readonly words: readonly string[];
  /** The word at the cursor, as far as it is typed. */
  readonly current: string;
  /** The number of characters of `current` that bash keeps and does not replace. */
  readonly kept: number;
  /** Whether the cursor is within quotation marks. */
  readonly isQuoted: boolean;
}

/** Characters outside of quotation marks behind which bash starts a new word to complete (COMP_WORDBREAKS). */
const BREAKS = '=:><&|;(';

/** Splits a line into words as bash does. */
export function splitBashLine(line: string): TypedLine {
  const words: string[] = [];
  let current = '';
  let isWord = false;
  let kept = 0;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"' && /["\\$`]/.test(line[i + 1] ?? '')) current += line[++i];
      else current += c;
    } else if (c === "'" || c === '"') {
      quote = c;
      isWord = true;
      kept = current.length;
    } else if (/\s/.test(c)) {
      if (isWord) words.push(current);
      [current, isWord, kept] = ['', false, 0];
    } else {
      isWord = true;
      current += c === '\\' ? (line[++i] ?? '') : c;
      if (BREAKS.includes(c)) kept = current.length;
    }
  }
  return { words, current, kept, isQuoted: quote !== '' };
}
