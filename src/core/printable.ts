/**
 * Controls of a terminal (C0, DEL, C1), characters that turn the direction of the text around them, line separators
 * and lone surrogates: all that makes a terminal do or show something else than the characters themselves.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const UNSAFE_BUT_LINES = /[^\P{Cc}\n\t]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text of one line, for a terminal: whatever is no plain character is written as `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** As `printable`, but line feeds and tabs stay what they are. */
export function printableLines(text: string): string {
  return text.replace(UNSAFE_BUT_LINES, escaped);
}

/** JSON of a value in which the same characters are escaped: the same data, whoever looks at it. */
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
