/**
 * Characters that make a terminal do or show something else: controls (C0, DEL, C1), characters that change the direction
 * of text, line separators and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const UNSAFE_BUT_LINES = /[^\P{Cc}\n\t]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** One line of text, safe for a terminal: special characters are written as `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Like `printable`, but keeps line feeds and tabs. */
export function printableLines(text: string): string {
  return text.replace(UNSAFE_BUT_LINES, escaped);
}

/** The JSON of a value, with the same characters escaped. The data is unchanged. */
export function printableJson(value: unknown, space?: number): string {
  return JSON.stringify(value, null, space).replace(
    UNSAFE_BUT_LINES,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
