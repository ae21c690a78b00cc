import { UsageError } from '../../core/errors.ts';
import { described, Lexer, type Token } from './lexer.ts';
import { matcher } from './name-test.ts';
import type { ColumnDescription, Comparison, Expression, Schema, Test, Value } from './syntax.ts';
import { type Node, ValueParser } from './values.ts';

const WORDS: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' };
const COMPARISONS: ReadonlySet<string> = new Set(['=', '==', '!=', '<', '<=', '>', '>=']);
const MAX_LENGTH = 1 << 20;
/** Each comparison is a pass over the pages. */
const MAX_TESTS = 10_000;
const OPERATORS = '== != < <= > >= in has is like =~';

/**
 * Parses an expression over the columns of a table, e.g. `type == slab && order >= 2 && flags has dirty`;
 * docs/expressions.md has the grammar. Throws a UsageError that shows the place of an unknown column or an operator or
 * value that does not fit.
 */
export function parseExpression(text: string, schema: Schema): Expression {
  if (text.length > MAX_LENGTH) {
    throw new UsageError(
      `in --where: the expression has ${text.length} characters; the maximum is ${MAX_LENGTH}`,
    );
  }
  return new Parser(text, schema).parse();
}

class Parser {
  readonly #lexer: Lexer;
  readonly #values: ValueParser;
  readonly #words: ReadonlyMap<string, ColumnDescription>;
  #tests = 0;

  constructor(text: string, schema: Schema) {
    this.#lexer = new Lexer(text);
    this.#values = new ValueParser(this.#lexer, schema, () => this.#or());
    this.#words = new Map(schema.map((column) => [column.name, column]));
  }

  parse(): Expression {
    const node = this.#or();
    const rest = this.#lexer.peek();
    const expression = rest.kind === 'end' ? this.#expression(node) : undefined;
    return expression ?? this.#lexer.fail(rest, this.#unexpected(node, rest));
  }

  #unexpected(node: Node, rest: Token): string {
    if (node.kind === 'names' || (node.kind === 'value' && !this.#isCondition(node.value))) {
      return `expected an operator (${OPERATORS})${after(node)}, found ${described(rest)}`;
    }
    if (COMPARISONS.has(rest.text)) return `comparisons cannot be chained; join two of them with &&`;
    if (rest.text === '|' || rest.text === '&')
      return `unexpected '${rest.text}'; did you mean '${rest.text.repeat(2)}'?`;
    return `expected && or || or the end, found ${described(rest)}`;
  }

  #or(): Node {
    return this.#joined('||', 'or', () => this.#joined('&&', 'and', () => this.#not()));
  }

  #joined(sign: string, kind: 'and' | 'or', operand: () => Node): Node {
    const first = operand();
    if (!this.#take(sign)) return first;
    const terms: Expression[] = [];
    const add = (node: Node): void => {
      const term = this.#expression(node);
      if (term.kind === kind) for (const inner of term.terms) terms.push(inner);
      else terms.push(term);
    };
    add(first);
    do add(operand());
    while (this.#take(sign));
    return { kind: 'condition', expression: { kind, terms }, at: first.at };
  }

  #not(): Node {
    const at = this.#lexer.peek();
    let count = 0;
    while (this.#take('!')) count++;
    if (count === 0) return this.#test();
    const operand = this.#expression(this.#test());
    return condition(at, count % 2 === 0 ? operand : negated(operand));
  }

  /** A comparison; without an operator, its left side. */
  #test(): Node {
    const node = this.#values.parse();
    if (node.kind === 'condition') return node;
    const operator = this.#lexer.peek();
    const isNegated = operator.kind === 'word' && operator.text.toLowerCase() === 'not';
    if (isNegated) this.#lexer.next();
    const token = isNegated ? this.#lexer.peek() : operator;
    const word = token.kind === 'word' ? token.text.toLowerCase() : token.kind === 'sign' ? token.text : '';
    const test = this.#operator(node, word, token);
    if (!test) {
      if (isNegated)
        this.#lexer.fail(token, `expected in, like or has after 'not', found ${described(token)}`);
      return node;
    }
    if (++this.#tests > MAX_TESTS) {
      this.#lexer.fail(
        token,
        `the expression has more than ${MAX_TESTS} comparisons; use 'in (...)' for long lists`,
      );
    }
    return condition(node.at, isNegated ? negated(test) : test);
  }

  #operator(node: Exclude<Node, { kind: 'condition' }>, word: string, token: Token): Expression | undefined {
    switch (word) {
      case 'has':
        this.#lexer.next();
        return this.#has(node, token);
      case 'in':
        this.#lexer.next();
        return this.#in(node, token);
      case 'is': {
        this.#lexer.next();
        const negate = this.#take('!');
        const empty = this.#lexer.next();
        if (empty.text.toLowerCase() !== 'empty') {
          this.#lexer.fail(empty, `expected 'empty' after 'is', found ${described(empty)}`);
        }
        const test: Test = { kind: 'empty', value: this.#columnOrValue(node, token) };
        return negate ? negated(test) : test;
      }
      case 'like':
      case '=~':
      case '!~':
        this.#lexer.next();
        return this.#pattern(node, word, token);
      default:
        if (!COMPARISONS.has(word)) return undefined;
        this.#lexer.next();
        return node.kind === 'names'
          ? this.#compareName(node.column, word, token)
          : this.#compare(node.value, word, token);
    }
  }

  #compare(left: Value, word: string, token: Token): Expression {
    const node = this.#rightSide(left);
    if (left.kind === 'number' && node.kind === 'number') {
      this.#lexer.fail(token, 'a comparison needs a column on one side');
    }
    const a = this.#asWord(left, node);
    const b = this.#asWord(node, left);
    const isSwapped = word.startsWith('>');
    const operator = { '>': '<', '>=': '<=', '=': '==', '!=': '==' }[word] ?? word;
    const test: Test = {
      kind: 'compare',
      operator: operator as Comparison,
      left: isSwapped ? b : a,
      right: isSwapped ? a : b,
    };
    return word === '!=' ? negated(test) : test;
  }

  #rightSide(left: Value): Value {
    const token = this.#lexer.peek();
    const name = left.kind === 'column' ? ` to compare ${left.column} with` : '';
    if (
      token.kind === 'end' ||
      token.kind === 'text' ||
      (token.kind === 'word' && !this.#words.has(token.text))
    ) {
      this.#lexer.fail(token, `expected a number or a column${name}, found ${described(token)}`);
    }
    const node = this.#values.parse();
    if (node.kind === 'value') return node.value;
    if (node.kind === 'condition') {
      return this.#lexer.fail(node.at, `expected a number or a column${name}, found a condition`);
    }
    return this.#lexer.fail(
      node.at,
      `${node.column.name} is not a number; compare a column of names with a name on its right`,
    );
  }

  /** A negative number that is compared with a column of words stands for its two's complement. */
  #asWord(value: Value, other: Value): Value {
    if (value.kind !== 'number' || value.value >= 0n || value.value < -(1n << 63n)) return value;
    if (other.kind !== 'column' || this.#words.get(other.column)!.kind !== 'word') return value;
    return { kind: 'number', value: BigInt.asUintN(64, value.value) };
  }

  #compareName(column: ColumnDescription, word: string, token: Token): Expression {
    const { name } = column;
    if (column.kind === 'set') {
      this.#lexer.fail(
        token,
        `${name} is a set of names: write '${name} has NAME' or 'not ${name} has NAME'`,
      );
    }
    if (/^[<>]/.test(word)) {
      this.#lexer.fail(token, `${name} is a name: it can be compared with == != in like =~ only`);
    }
    const test: Test = { kind: 'named', column: name, names: [this.#name(`a name to compare ${name} with`)] };
    return word === '!=' ? negated(test) : test;
  }

  #has(node: Node, token: Token): Test {
    if (node.kind === 'names' && node.column.parts !== undefined)
      return this.#holds(node.column.name, node.column.parts);
    if (node.kind !== 'names' || node.column.kind !== 'set') {
      return this.#lexer.fail(token, `'has' is for sets of flags, which ${nameOf(node)} is not; use ==`);
    }
    const { name: column } = node.column;
    const how = this.#takeWord('any') ? 'any' : 'all';
    if (how === 'all') this.#takeWord('all');
    const names: string[] = [];
    if (this.#take('(')) {
      do names.push(this.#flag(column));
      while (this.#take(','));
      this.#refuseBar(column, names);
      this.#close();
    } else {
      names.push(this.#flag(column));
      this.#refuseBar(column, names);
    }
    // with one name, any is the same as all
    return { kind: 'has', column, how: names.length === 1 ? 'all' : how, names };
  }

  /** `has` of a column whose names are lists, of names or of numbers. */
  #holds(column: string, parts: string): Test {
    const how = this.#takeWord('any') ? 'any' : 'all';
    if (how === 'all') this.#takeWord('all');
    const element = (): string => {
      const at = this.#lexer.peek();
      if (at.kind !== 'number') return this.#name(`what ${column} is to have`);
      this.#lexer.next();
      return String(this.#values.number(at));
    };
    const names: string[] = [];
    if (this.#take('(')) {
      do names.push(element());
      while (this.#take(','));
      this.#close();
    } else names.push(element());
    return { kind: 'holds', column, parts, how: names.length === 1 ? 'all' : how, names };
  }

  #flag(column: string): string {
    const at = this.#lexer.peek();
    if (at.kind === 'number') this.#lexer.fail(at, `expected the name of a flag, found '${at.text}'`);
    const name = this.#name('the name of a flag').toLowerCase().replace(/^pg_/, '');
    if (name.includes('|')) this.#refuse(column, name.split('|'), at);
    return name;
  }

  /** `a|b` could mean both flags or either. */
  #refuseBar(column: string, names: readonly string[]): void {
    const at = this.#lexer.peek();
    if (at.text !== '|') return;
    this.#lexer.next();
    const second = this.#lexer.name();
    this.#refuse(column, [...names, second?.text ?? 'NAME'], at);
  }

  #refuse(column: string, names: readonly string[], at: Token): never {
    const list = names.join(', ');
    return this.#lexer.fail(
      at,
      `'|' could mean both or either: write '${column} has (${list})' for all of them, '${column} has any (${list})' for at least one`,
    );
  }

  #in(node: Exclude<Node, { kind: 'condition' }>, token: Token): Test {
    const open = this.#lexer.peek();
    if (!this.#take('(')) this.#lexer.fail(open, `expected '(' after 'in', found ${described(open)}`);
    if (node.kind === 'names') {
      const { name: column, kind } = node.column;
      if (kind === 'set')
        this.#lexer.fail(token, `${column} is a set of names: write '${column} has any (...)'`);
      const names: string[] = [];
      do names.push(this.#name(`a name to compare ${column} with`));
      while (this.#take(','));
      this.#close();
      return { kind: 'named', column, names };
    }
    if (node.value.kind === 'number') this.#lexer.fail(token, 'a comparison needs a column on its left side');
    const numbers: bigint[] = [];
    do numbers.push(this.#listed(node.value));
    while (this.#take(','));
    this.#close();
    return { kind: 'in', value: node.value, numbers };
  }

  #listed(value: Value): bigint {
    const isNegative = this.#take('-');
    const token = this.#lexer.next();
    if (token.kind !== 'number') this.#lexer.fail(token, `expected a number, found ${described(token)}`);
    const number: Value = { kind: 'number', value: this.#values.number(token, isNegative) };
    return (this.#asWord(number, value) as typeof number).value;
  }

  #pattern(node: Node, operator: string, token: Token): Expression {
    if (node.kind !== 'names' || node.column.kind !== 'name') {
      return this.#lexer.fail(token, `'${token.text}' is for names, which ${nameOf(node)} is not`);
    }
    const at = this.#lexer.peek();
    const test: Test = {
      kind: 'pattern',
      column: node.column.name,
      operator: operator === 'like' ? 'like' : '=~',
      pattern: this.#name(operator === 'like' ? 'a pattern' : 'a regular expression in quotes'),
    };
    try {
      matcher(test);
    } catch (error) {
      this.#lexer.fail(at, (error as Error).message.replace(/^in --where: /, ''));
    }
    return operator === '!~' ? negated(test) : test;
  }

  #columnOrValue(node: Exclude<Node, { kind: 'condition' }>, token: Token): Value {
    if (node.kind === 'names') return { kind: 'column', column: node.column.name };
    if (node.value.kind === 'number') this.#lexer.fail(token, 'a number is never empty');
    return node.value;
  }

  /** A name, quoted or not. */
  #name(what: string): string {
    const token = this.#lexer.name();
    if (token) return token.text;
    const found = this.#lexer.peek();
    return this.#lexer.fail(found, `expected ${what}, found ${described(found)}`);
  }

  /** Requires a condition. */
  #expression(node: Node): Expression {
    if (node.kind === 'condition') return node.expression;
    if (node.kind === 'value' && this.#isCondition(node.value)) return { kind: 'nonzero', value: node.value };
    const found = this.#lexer.peek();
    return this.#lexer.fail(
      found,
      `expected an operator (${OPERATORS})${after(node)}, found ${described(found)}`,
    );
  }

  /** `flags_raw & 0x1` and `is_head` are conditions by themselves; other numbers are not. */
  #isCondition(value: Value): boolean {
    if (value.kind === 'column') return this.#words.get(value.column)!.isCondition === true;
    return value.kind === 'binary' && value.operator === '&';
  }

  #take(sign: string): boolean {
    const token = this.#lexer.peek();
    const text =
      token.kind === 'word'
        ? WORDS[token.text.toLowerCase()]
        : token.kind === 'sign'
          ? token.text
          : undefined;
    if (text !== sign) return false;
    this.#lexer.next();
    return true;
  }

  #takeWord(word: string): boolean {
    const token = this.#lexer.peek();
    if (token.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.#lexer.next();
    return true;
  }

  #close(): void {
    const token = this.#lexer.peek();
    if (!this.#take(')')) this.#lexer.fail(token, `expected ',' or ')', found ${described(token)}`);
  }
}

function nameOf(node: Node): string {
  if (node.kind === 'names') return node.column.name;
  return node.kind === 'value' && node.value.kind === 'column' ? node.value.column : 'a number';
}

function after(node: Node): string {
  if (node.kind === 'names') return ` after '${node.column.name}'`;
  return node.kind === 'value' && node.value.kind === 'column' ? ` after '${node.value.column}'` : '';
}

function condition(at: Token, expression: Expression): Node {
  return { kind: 'condition', expression, at };
}

function negated(expression: Expression): Expression {
  return expression.kind === 'not' ? expression.operand : { kind: 'not', operand: expression };
}
