import { UsageError } from '../../core/errors.ts';

export interface Token {
  readonly text: string;
  readonly at: number;
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end';
}

const SPACE = /\s*/y;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|\d+)(?!\w)/y;
const WORD = /[A-Za-z_]\w*/y;
const QUOTED = /'([^']*)'|"([^"]*)"/y;
const SIGN = /&&|\|\||==|!=|<=|>=|=~|!~|<<|>>|[<>!()=,|&^~+\-*/%]/y;
/** Names as kernels spell them, and globs: `kmalloc-64`, `9p-fcall-cache`, `?5`, `ext4_*`. */
const NAME = /[\w?*][\w.:@*+?-]*/y;
/** Number of characters shown on each side of a mistake in a long expression. */
const SHOWN = 50;

/** Splits an expression into tokens, one at a time, since the characters of a name depend on its context. */
export class Lexer {
  readonly text: string;
  #at = 0;
  #ahead: Token | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Returns the next token without consuming it. */
  peek(): Token {
    this.#ahead ??= this.#read();
    return this.#ahead;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead = undefined;
    return token;
  }

  /**
   * Consumes the next token where a name is expected, quoted or not; returns undefined and consumes nothing if there is no
   * name.
   */
  name(): Token | undefined {
    this.#at = this.#ahead?.at ?? this.#at;
    this.#ahead = undefined;
    this.#skipSpace();
    const at = this.#at;
    const quoted = this.#match(QUOTED);
    if (quoted) return { kind: 'text', text: quoted[1] ?? quoted[2] ?? '', at };
    const name = this.#match(NAME);
    return name && { kind: 'word', text: name[0], at };
  }

  /** Throws a UsageError that shows the place of the mistake. */
  fail(token: Token, complaint: string): never {
    throw wrong(this.text, token.at, complaint);
  }

  #read(): Token {
    this.#skipSpace();
    const at = this.#at;
    if (at >= this.text.length) {
      this.#at = at;
      return { kind: 'end', text: '', at };
    }
    const number = this.#match(NUMBER);
    if (number) return { kind: 'number', text: number[0], at };
    const word = this.#match(WORD);
    if (word) return { kind: 'word', text: word[0], at };
    const quoted = this.#match(QUOTED);
    if (quoted) return { kind: 'text', text: quoted[1] ?? quoted[2] ?? '', at };
    const sign = this.#match(SIGN);
    if (sign) return { kind: 'sign', text: sign[0], at };
    const odd = String.fromCodePoint(this.text.codePointAt(at)!);
    if (odd === "'" || odd === '"') throw wrong(this.text, at, 'a closing quote is missing');
    if (/\d/.test(odd))
      throw wrong(this.text, at, `'${/\w*/y.exec(this.text.slice(at))![0]}' is not a number`);
    throw wrong(this.text, at, `unexpected '${odd}'`);
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }
}

/** The words for a token in messages. */
export function described(token: Token): string {
  return token.kind === 'end' ? 'the end' : `'${token.text}'`;
}

function wrong(text: string, at: number, complaint: string): UsageError {
  const first = Math.max(0, at - SHOWN);
  const last = Math.min(text.length, at + SHOWN);
  const before = first > 0 ? '...' : '';
  const after = last < text.length ? '...' : '';
  const line = before + text.slice(first, last).replace(/\s/g, ' ') + after;
  return new UsageError(`in --where: ${complaint}\n  ${line}\n  ${' '.repeat(at - first + before.length)}^`);
}
