import type { ColumnSpec } from '../../table/column.ts';

/** The properties of a column that expressions need. */
export type ColumnDescription = Pick<ColumnSpec, 'name' | 'kind' | 'isCondition' | 'parts'>;

/** The columns that an expression may use. */
export type Schema = readonly ColumnDescription[];

/** `>` and `>=` are these two with their sides exchanged; `!=` is the negation of `==`. */
export type Comparison = '==' | '<' | '<=';

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

/** A whole number or nothing: a column may be empty, and so is any result calculated from it. */
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

/** A condition without `and`, `or`, `not`. */
export type Test =
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Value; readonly right: Value }
  /** The value is neither 0 nor empty: a bit test such as `flags_raw & 0x1`. */
  | { readonly kind: 'nonzero'; readonly value: Value }
  | { readonly kind: 'in'; readonly value: Value; readonly numbers: readonly bigint[] }
  /** The name is one of these, ignoring case; '' is the empty name. */
  | { readonly kind: 'named'; readonly column: string; readonly names: readonly string[] }
  | {
      readonly kind: 'pattern';
      readonly column: string;
      readonly operator: 'like' | '=~';
      readonly pattern: string;
    }
  /** The name is a list, and has all or any of these, or paths below them. */
  | {
      readonly kind: 'holds';
      readonly column: string;
      /** What stands between the elements of the list. */
      readonly parts: string;
      readonly how: 'all' | 'any';
      readonly names: readonly string[];
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
export type NameTest = Extract<Test, { kind: 'named' | 'pattern' | 'holds' }>;

/** A `--where` expression, as plain data that other threads can receive. */
export type Expression =
  | Test
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression };

/** The values that a test uses; that of `empty` may be any column. */
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

/** The tests of an expression in written order. */
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

/** The columns that a calculation uses. */
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

/** The columns that an expression uses, each once. */
export function columnsOf(expression: Expression): string[] {
  const columns = testsOf(expression).flatMap((test) =>
    'column' in test ? [test.column] : valuesOf(test).flatMap(columnsOfValue),
  );
  return [...new Set(columns)];
}
