import { UsageError } from '../../core/errors.ts';
import { COLUMNS, type ColumnName, columnSpec } from '../../decode/columns/registry.ts';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A value as written: a whole number, or a word. */
export type Literal =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'text'; readonly value: string };

/** A `--where` expression. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'compare';
      readonly column: ColumnName;
      readonly operator: Comparison;
      readonly literal: Literal;
    }
  | { readonly kind: 'has'; readonly column: ColumnName; readonly names: readonly string[] }
  | { readonly kind: 'in'; readonly column: ColumnName; readonly literals: readonly Literal[] }
  | { readonly kind: 'empty'; readonly column: ColumnName };

interface Token {
  readonly text: string;
  readonly at: number;
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end';
}

const TOKEN =
  /\s*(?:(0[xX][0-9a-fA-F]+|-?\d+)(?![\w.-])|([A-Za-z_][\w.:@*+-]*)|'([^']*)'|"([^"]*)"|(&&|\|\||==|!=|<=|>=|[<>!()=,|]))/y;
const WORDS: Record<string, string> = { and: '&&', or: '||', not: '!' };
/** Deeper nesting than anyone writes; keeps a hostile expression from exhausting the stack. */
const MAX_DEPTH = 200;

/**
 * Parses an expression over the columns, e.g. `type == slab && order >= 2 && flags has dirty`. Operators: == != < <= >
 * >=, `in (a, b)`, `has` for sets of flags (`has dirty|lru` asks for all of them), `is empty`, !, &&, ||, parentheses; also
 * the words not, and, or. Numbers are decimal or 0x. Throws UsageError that shows where it is wrong.
 */
export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Expression {
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') this.#fail(rest, `expected && or || or the end, found '${rest.text}'`);
    return expression;
  }

  #or(): Expression {
    if (++this.#depth > MAX_DEPTH) this.#fail(this.#peek(), 'it is nested too deeply');
    let left = this.#and();
    while (this.#take('||')) left = { kind: 'or', left, right: this.#and() };
    this.#depth--;
    return left;
  }

  #and(): Expression {
    let left = this.#unary();
    while (this.#take('&&')) left = { kind: 'and', left, right: this.#unary() };
    return left;
  }

  #unary(): Expression {
    let negate = false;
    while (this.#take('!')) negate = !negate;
    const operand = this.#primary();
    return negate ? { kind: 'not', operand } : operand;
  }

  #primary(): Expression {
    if (this.#take('(')) {
      const inner = this.#or();
      this.#need(')', "expected ')'");
      return inner;
    }
    const name = this.#advance();
    const spec = name.kind === 'word' ? columnSpec(name.text) : undefined;
    if (!spec) {
      const near = COLUMNS.map((c) => c.name);
      this.#fail(
        name,
        name.kind === 'end'
          ? 'expected a column, found the end'
          : `'${name.text}' is no column; there are ${near.join(', ')}`,
      );
    }
    const column = spec!.name;
    const operator = this.#advance();
    switch (operator.text) {
      case 'has':
        if (spec!.kind !== 'set')
          this.#fail(operator, `'has' asks for flags in a set; ${column} is not one: use ==`);
        return { kind: 'has', column, names: this.#names() };
      case 'in':
        return { kind: 'in', column, literals: this.#list(spec!.kind, column) };
      case 'is': {
        const negated = this.#take('!');
        const word = this.#advance();
        if (word.text !== 'empty') this.#fail(word, `expected 'empty' after 'is', found '${word.text}'`);
        const test: Expression = { kind: 'empty', column };
        return negated ? { kind: 'not', operand: test } : test;
      }
      case '=':
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=': {
        if (spec!.kind === 'set') {
          this.#fail(
            operator,
            `${column} is a set of names: write '${column} has NAME' or '!(${column} has NAME)'`,
          );
        }
        const comparison = operator.text === '=' ? '==' : (operator.text as Comparison);
        const literal = this.#literal(spec!.kind, column);
        if (spec!.kind === 'name' && comparison !== '==' && comparison !== '!=') {
          this.#fail(operator, `${column} is a name: it can be compared with == and != only`);
        }
        return { kind: 'compare', column, operator: comparison, literal };
      }
      default:
        return this.#fail(
          operator,
          `expected an operator (== != < <= > >= in has is) after '${column}', found ${operator.kind === 'end' ? 'the end' : `'${operator.text}'`}`,
        );
    }
  }

  #names(): string[] {
    const close = this.#take('(');
    const names: string[] = [];
    do {
      const token = this.#advance();
      if (token.kind !== 'word' && token.kind !== 'text') {
        this.#fail(
          token,
          `expected the name of a flag, found ${token.kind === 'end' ? 'the end' : `'${token.text}'`}`,
        );
      }
      names.push(...token.text.toLowerCase().replace(/^pg_/, '').split('|'));
    } while (this.#take('|') || (close && this.#take(',')));
    if (close) this.#need(')', "expected ')'");
    return names;
  }

  #list(kind: string, column: string): Literal[] {
    this.#need('(', "expected '(' after 'in'");
    const literals: Literal[] = [];
    do literals.push(this.#literal(kind, column));
    while (this.#take(','));
    this.#need(')', "expected ',' or ')'");
    return literals;
  }

  #literal(kind: string, column: string): Literal {
    const token = this.#advance();
    if (kind === 'name') {
      if (token.kind !== 'word' && token.kind !== 'text' && token.kind !== 'number') {
        this.#fail(
          token,
          `expected a name to compare ${column} with, found ${token.kind === 'end' ? 'the end' : `'${token.text}'`}`,
        );
      }
      return { kind: 'text', value: token.text };
    }
    if (token.kind !== 'number') {
      this.#fail(
        token,
        `expected a number to compare ${column} with, found ${token.kind === 'end' ? 'the end' : `'${token.text}'`}`,
      );
    }
    const value = token.text.startsWith('-') ? -BigInt(token.text.slice(1)) : BigInt(token.text);
    return { kind: 'number', value };
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #advance(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #take(sign: string): boolean {
    const token = this.#peek();
    const text = token.kind === 'word' ? WORDS[token.text] : token.kind === 'sign' ? token.text : undefined;
    if (text !== sign) return false;
    this.#next++;
    return true;
  }

  #need(sign: string, complaint: string): void {
    const token = this.#peek();
    if (!this.#take(sign))
      this.#fail(token, `${complaint}, found ${token.kind === 'end' ? 'the end' : `'${token.text}'`}`);
  }

  #fail(token: Token, complaint: string): never {
    throw usage(this.#text, token.at, complaint);
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const rest = text.slice(start);
    if (rest.trim() === '') break;
    const at = start + (rest.length - rest.trimStart().length);
    const match = TOKEN.exec(text);
    if (!match) throw usage(text, at, `'${text[at]}' cannot stand here`);
    const [, number, word, single, double, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
    else tokens.push({ kind: 'text', text: single ?? double ?? '', at });
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function usage(text: string, at: number, complaint: string): UsageError {
  const line = text.replace(/\s/g, ' ');
  return new UsageError(`in --where: ${complaint}\n  ${line}\n  ${' '.repeat(at)}^`);
}

/** The columns that an expression looks at. */
export function columnsOf(expression: Expression): ColumnName[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return [...new Set([...columnsOf(expression.left), ...columnsOf(expression.right)])];
    case 'not':
      return columnsOf(expression.operand);
    default:
      return [expression.column];
  }
}
