import { printValue } from './print.ts';
import type { Expression, Test } from './syntax.ts';

/** A test, or its negation. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly test: Test;
  readonly isNegated: boolean;
}

/**
 * An expression with its negations moved to the tests. Each test can then be decided on its own for a struct page that
 * could not be read: neither the test nor its negation holds.
 */
export type Plan = Leaf | { readonly kind: 'and' | 'or'; readonly terms: readonly Plan[] };

/** Makes the plan of an expression. Tests of one column for several values become one. */
export function planOf(expression: Expression, isNegated = false): Plan {
  switch (expression.kind) {
    case 'not':
      return planOf(expression.operand, !isNegated);
    case 'and':
    case 'or': {
      const kind = (expression.kind === 'and') !== isNegated ? 'and' : 'or';
      const terms = merged(
        kind,
        expression.terms.map((term) => planOf(term, isNegated)),
      );
      return terms.length === 1 ? terms[0]! : { kind, terms };
    }
    default:
      return { kind: 'leaf', test: expression, isNegated };
  }
}

/** `a == 1 || a == 2` becomes `a in (1, 2)`; `a != 1 && a != 2` becomes its negation. */
function merged(kind: 'and' | 'or', terms: readonly Plan[]): Plan[] {
  const out: Plan[] = [];
  const lists = new Map<string, { at: number; tests: List[] }>();
  for (const term of terms) {
    const list = term.kind === 'leaf' && term.isNegated === (kind === 'and') ? listOf(term.test) : undefined;
    const key = list && (list.kind === 'in' ? printValue(list.value) : list.column);
    const met = key === undefined ? undefined : lists.get(key);
    if (met) met.tests.push(list!);
    else {
      if (list) lists.set(key!, { at: out.length, tests: [list] });
      out.push(term);
    }
  }
  for (const { at, tests } of lists.values()) {
    if (tests.length > 1) out[at] = { kind: 'leaf', test: union(tests), isNegated: kind === 'and' };
  }
  return out;
}

type List = Extract<Test, { kind: 'in' | 'named' }>;

function listOf(test: Test): List | undefined {
  if (test.kind === 'in' || test.kind === 'named') return test;
  if (test.kind !== 'compare' || test.operator !== '==') return undefined;
  const [value, number] = test.right.kind === 'number' ? [test.left, test.right] : [test.right, test.left];
  return number.kind === 'number' ? { kind: 'in', value, numbers: [number.value] } : undefined;
}

/** Joins tests that compare the same value with lists. */
function union(lists: readonly List[]): List {
  const [first] = lists as [List];
  return first.kind === 'in'
    ? { ...first, numbers: lists.flatMap((list) => (list as typeof first).numbers) }
    : { ...first, names: lists.flatMap((list) => (list as typeof first).names) };
}
