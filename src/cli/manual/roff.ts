/** A text in roff as it is: nothing in it is a request or an escape. */
export function plain(text: string): string {
  return text
    .replace(/\\/g, '\\(rs')
    .replace(/[-'`^~]/g, (c) => SPECIAL[c]!)
    .replace(/^\./gm, '\\&.');
}

const SPECIAL: Readonly<Record<string, string>> = {
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

/** A text as the argument of a macro. */
const quoted = (text: string): string => `"${plain(text).replace(/"/g, '\\(dq')}"`;

export const bold = (text: string): string => `\\fB${plain(text)}\\fR`;
export const italic = (text: string): string => `\\fI${plain(text)}\\fR`;

/** Text of a paragraph, already in roff, in lines of the width of a terminal. */
export function filled(text: string): string {
  const rows: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = rows.at(-1);
    if (last === undefined || last.length + word.length >= WIDTH) rows.push(word.replace(/^\./, '\\&.'));
    else rows[rows.length - 1] = `${last} ${word}`;
  }
  return `${rows.join('\n')}\n`;
}

const WIDTH = 78;

export const section = (title: string): string => `.SH ${quoted(title.toUpperCase())}\n`;
export const subsection = (title: string): string => `.SS ${quoted(title)}\n`;
export const paragraph = (text: string): string => `.PP\n${filled(text)}`;

/** A term, already in roff, and what it means. */
export const entry = (term: string, meaning: string): string => `.TP\n${term}\n${filled(plain(meaning))}`;

/** Lines as they are, indented. */
export const lines = (texts: readonly string[]): string =>
  `.PP\n.RS 4\n.nf\n${texts.map(plain).join('\n')}\n.fi\n.RE\n`;

/** The heading of a page of section 1. */
export const heading = (name: string, date: string, version: string): string =>
  `.TH ${quoted(name.toUpperCase())} 1 ${date} ${quoted(version)} "User Commands"\n`;
