import { type ColumnName, pageColumn } from '../../decode/columns/registry.ts';
import type { FlagRules } from '../../decode/flag-names.ts';
import type { Plan } from './plan.ts';
import { columnsOf } from './syntax.ts';

/** The bits of the flags word that must be set for a set of flags to contain some names. */
export interface FlagBitsBound {
  readonly kind: 'bits';
  readonly mask: bigint;
  readonly notTail: boolean;
}

/** A condition that holds for every page that matches a plan, and that needs no folio. */
export type Bound = Plan | FlagBitsBound | { readonly kind: 'and' | 'or'; readonly terms: readonly Bound[] };

/**
 * Derives from a plan the condition that the struct page alone decides; undefined if there is none. If the struct page
 * alone decides the plan itself, returns the same object.
 */
export function boundOf(plan: Plan, flags: FlagRules): Bound | undefined {
  if (plan.kind === 'leaf') {
    const { test, isNegated } = plan;
    if (columnsOf(test).every((column) => pageColumn(column as ColumnName).needs === undefined)) return plan;
    return test.kind === 'has' && !isNegated ? bitsOf(test.how, test.names, flags) : undefined;
  }
  const bounds = plan.terms.map((term) => boundOf(term, flags));
  if (bounds.every((bound, i) => bound === plan.terms[i])) return plan;
  const known = bounds.filter((bound) => bound !== undefined);
  if (known.length === 0 || (plan.kind === 'or' && known.length < bounds.length)) return undefined;
  return known.length === 1 ? known[0] : { kind: plan.kind, terms: known };
}

function bitsOf(how: 'all' | 'any', names: readonly string[], flags: FlagRules): Bound {
  if (how === 'any') return { kind: 'or', terms: names.map((name) => bitsOf('all', [name], flags)) };
  const mask = wordBits(maskOf(flags.names, names), flags);
  // where tails keep the order in bits of flags, these bits are not flags
  return { kind: 'bits', mask, notTail: (mask & flags.bits & ~flags.tailBits) !== 0n };
}

/** The bits of a set that stand for the given names. */
export function maskOf(names: readonly string[], wanted: readonly string[]): bigint {
  return wanted.reduce((mask, name) => mask | (1n << BigInt(names.indexOf(name))), 0n);
}

/** The bits of the flags word that must be set for these names to be in the set; an alias also stands for a bit. */
function wordBits(set: bigint, flags: FlagRules): bigint {
  let bits = set & flags.bits;
  for (const rule of flags.rules) if ((set >> BigInt(rule.to)) & 1n) bits |= 1n << BigInt(rule.bit);
  return bits;
}
