import { nearest } from '../../core/nearest.ts';
import { calculate } from './arithmetic.ts';
import { described, type Lexer, type Token } from './lexer.ts';
import type { BinaryOperator, ColumnDescription, Expression, Schema, Value } from './syntax.ts';

/** An operand: a value, a column of names or flags, or a condition in parentheses. */
export type Node =
  | { readonly kind: 'value'; readonly value: Value; readonly at: Token }
  | { readonly kind: 'names'; readonly column: ColumnDescription; readonly at: Token }
  | { readonly kind: 'condition'; readonly expression: Expression; readonly at: Token };

const PRECEDENCE: Readonly<Record<BinaryOperator, number>> = {
  '|': 1,
  '^': 2,
  '&': 3,
  '<<': 4,
  '>>': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};
/** Deeper nesting than anyone writes; it keeps a hostile expression from exhausting the stack. */
const MAX_DEPTH = 100;
/** Maximum number of operators in one calculation, which is evaluated recursively. */
const MAX_OPERATORS = 100;
const LIMIT = 1n << 127n;

/** Parses the operands of conditions: numbers, columns and calculations with them. */
export class ValueParser {
  readonly lexer: Lexer;
  readonly #schema: ReadonlyMap<string, ColumnDescription>;
  readonly #condition: () => Node;
  #depth = 0;
  #operators = 0;

  /** `condition` parses a condition in parentheses. */
  constructor(lexer: Lexer, schema: Schema, condition: () => Node) {
    this.lexer = lexer;
    this.#schema = new Map(schema.map((column) => [column.name, column]));
    this.#condition = condition;
  }

  /** A calculation, or a single column or number. */
  parse(): Node {
    this.#operators = 0;
    return this.#binary(0);
  }

  /** Parses nested parts, and refuses those nested too deeply. */
  nested<T>(at: Token, parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      this.lexer.fail(at, `the expression is nested more than ${MAX_DEPTH} levels deep`);
    }
    const parsed = parse();
    this.#depth--;
    return parsed;
  }

  /** The number of a token, negative after a minus. */
  number(token: Token, isNegative = false): bigint {
    // a prefix and the digits of 128 bits: BigInt() of a longer text is slow
    const value = token.text.length > 42 ? LIMIT : BigInt(token.text);
    return this.#checked(isNegative ? -value : value, token);
  }

  #binary(least: number): Node {
    let left = this.#unary();
    for (;;) {
      const token = this.lexer.peek();
      const precedence = token.kind === 'sign' ? PRECEDENCE[token.text as BinaryOperator] : undefined;
      if (precedence === undefined || precedence <= least) return left;
      this.lexer.next();
      if (++this.#operators > MAX_OPERATORS) {
        this.lexer.fail(token, `a calculation has at most ${MAX_OPERATORS} operators`);
      }
      const operands = [left, this.#binary(precedence)] as const;
      const [a, b] = operands.map((node) => this.#calculable(node, token));
      left = { kind: 'value', value: this.#fold(token, a!, b!), at: left.at };
    }
  }

  #fold(token: Token, left: Value, right: Value): Value {
    const operator = token.text as BinaryOperator;
    if (left.kind !== 'number' || right.kind !== 'number') return { kind: 'binary', operator, left, right };
    const value = calculate(operator, left.value, right.value);
    if (value === undefined) {
      this.lexer.fail(token, /[/%]/.test(operator) ? 'division by zero' : 'a shift is by 0 to 63 bits');
    }
    return { kind: 'number', value: this.#checked(value!, token) };
  }

  #unary(): Node {
    const token = this.lexer.peek();
    if (token.kind !== 'sign' || !/^[-~]$/.test(token.text)) return this.#primary();
    this.lexer.next();
    const operator = token.text as '-' | '~';
    const operand = this.#calculable(
      this.nested(token, () => this.#unary()),
      token,
    );
    const value: Value =
      operand.kind === 'number'
        ? { kind: 'number', value: this.#checked(operator === '-' ? -operand.value : ~operand.value, token) }
        : { kind: 'unary', operator, operand };
    return { kind: 'value', value, at: token };
  }

  #primary(): Node {
    const { lexer } = this;
    const at = lexer.next();
    if (at.kind === 'sign' && at.text === '(') {
      const node = this.nested(at, this.#condition);
      const close = lexer.next();
      if (close.text !== ')') lexer.fail(close, `expected ')', found ${described(close)}`);
      return { ...node, at };
    }
    if (at.kind === 'number') return { kind: 'value', value: { kind: 'number', value: this.number(at) }, at };
    const column = at.kind === 'word' ? this.#schema.get(at.text) : undefined;
    if (!column) lexer.fail(at, this.#noColumn(at));
    return column!.kind === 'name' || column!.kind === 'set'
      ? { kind: 'names', column: column!, at }
      : { kind: 'value', value: { kind: 'column', column: column!.name }, at };
  }

  #noColumn(token: Token): string {
    if (token.kind !== 'word') return `expected a column or a number, found ${described(token)}`;
    const names = [...this.#schema.keys()];
    const near = nearest(token.text, names);
    const hint = near === undefined ? `the columns are ${names.join(', ')}` : `did you mean '${near}'?`;
    return `there is no column '${token.text}'; ${hint}`;
  }

  #calculable(node: Node, operator: Token): Value {
    if (node.kind === 'value') return node.value;
    const what =
      node.kind === 'names' ? `${node.column.name} is not a number` : 'a condition is not a number';
    return this.lexer.fail(operator, `'${operator.text}' calculates with numbers, and ${what}`);
  }

  #checked(value: bigint, at: Token): bigint {
    if (value >= LIMIT || value < -LIMIT) this.lexer.fail(at, 'the number does not fit in 128 bits');
    return value;
  }
}
