import type { ColumnSpec } from '../../table/column.ts';

/** What an expression needs to know of a column. */
export type ColumnDescription = Pick<ColumnSpec, 'name' | 'kind' | 'isCondition'>;

/** The columns that an expression may be about. */
export type Schema = readonly ColumnDescription[];

/** `>` and `>=` are these two with their sides exchanged, `!=` is the negation of `==`. */
export type Comparison = '==' | '<' | '<=';

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

/** A whole number, or nothing: a column may be empty, and so is what is calculated from it. */
export type Value =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'unary'; readonly operator: '-' | '~'; readonly operand: Value }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Value;
      readonly right: Value;
    };

/** What holds for a row or not, without `and`, `or`, `not`. */
export type Test =
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Value; readonly right: Value }
  /** The value is neither 0 nor empty: a bit test such as `flags_raw & 0x1`. */
  | { readonly kind: 'nonzero'; readonly value: Value }
  | { readonly kind: 'in'; readonly value: Value; readonly numbers: readonly bigint[] }
  /** The name is one of these, in any case; '' is the empty name. */
  | { readonly kind: 'named'; readonly column: string; readonly names: readonly string[] }
  | {
      readonly kind: 'pattern';
      readonly column: string;
      readonly operator: 'like' | '=~';
      readonly pattern: string;
    }
  | {
      readonly kind: 'has';
      readonly column: string;
      readonly how: 'all' | 'any';
      readonly names: readonly string[];
    }
  /** `value` may be any column. */
  | { readonly kind: 'empty'; readonly value: Value };

/** A test of a column of names. */
export type NameTest = Extract<Test, { kind: 'named' | 'pattern' }>;

/** A `--where` expression: plain data, which other threads can be given. */
export type Expression =
  | Test
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression };

/** The values that a test is about; that of `empty` may be any column. */
export function valuesOf(test: Test): readonly Value[] {
  switch (test.kind) {
    case 'compare':
      return [test.left, test.right];
    case 'nonzero':
    case 'in':
    case 'empty':
      return [test.value];
    default:
      return [];
  }
}

/** The tests of an expression, in the order in which they are written. */
export function testsOf(expression: Expression): Test[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.terms.flatMap(testsOf);
    case 'not':
      return testsOf(expression.operand);
    default:
      return [expression];
  }
}

/** The columns that a value is calculated from. */
export function columnsOfValue(value: Value): string[] {
  switch (value.kind) {
    case 'number':
      return [];
    case 'column':
      return [value.column];
    case 'unary':
      return columnsOfValue(value.operand);
    case 'binary':
      return [...columnsOfValue(value.left), ...columnsOfValue(value.right)];
  }
}

/** The columns that an expression looks at, each once. */
export function columnsOf(expression: Expression): string[] {
  const columns = testsOf(expression).flatMap((test) =>
    'column' in test ? [test.column] : valuesOf(test).flatMap(columnsOfValue),
  );
  return [...new Set(columns)];
}
