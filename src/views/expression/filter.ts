import { UsageError } from '../../core/errors.ts';
import { COLUMNS, type ColumnName, pageColumn } from '../../decode/columns/registry.ts';
import type { Decoder } from '../../decode/decode.ts';
import type { FlagRules } from '../../decode/flag-names.ts';
import type { Lane } from '../../decode/lanes.ts';
import type { Address } from '../../loops/loops.ts';
import { checkNames, type KnownNames } from './check-names.ts';
import type { Comparison, Expression, Literal } from './parse.ts';

const WHOLE = BigInt(Number.MAX_SAFE_INTEGER);
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** An expression, or the bits of the flags word that have to be set for one to hold. */
type Plan =
  | Exclude<Expression, { kind: 'and' | 'or' | 'not' }>
  | { readonly kind: 'and' | 'or'; readonly left: Plan; readonly right: Plan }
  | { readonly kind: 'not'; readonly operand: Plan }
  | {
      readonly kind: 'bits';
      readonly mask: bigint;
      readonly notTail: boolean;
    };

/**
 * A `--where` expression as a plan of loops: each comparison makes a bitmap over the pages of a batch, `&&`, `||` and `!`
 * combine them. An empty number or word is neither equal nor unequal to anything; no name is unequal to every name. What a
 * struct page would say that cannot be read is empty.
 */
export class Filter {
  readonly #decoder: Decoder;
  readonly #expression: Expression;
  readonly #bound: Plan | undefined;
  readonly #stack: Address[] = [];

  /** Throws UsageError for a flag, type, zone, kind of mapping or state that this kernel does not have. */
  constructor(decoder: Decoder, expression: Expression) {
    checkNames(expression, knownNames(decoder));
    this.#decoder = decoder;
    this.#expression = expression;
    const bound = cheapBound(expression, decoder.pages.flags);
    this.#bound = bound === 'any' ? undefined : bound;
  }

  /**
   * The bitmap of the pages of the batch that the expression holds for; 0 if there are none. What the struct pages say for
   * themselves is tested first: where that leaves none, the folios are not worked out.
   */
  run(): Address {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    if (this.#bound) {
      if (this.#bound.kind === 'bits' && !this.#mayHave(this.#bound)) return 0;
      const bits = this.#evaluate(this.#bound, 0);
      if (run.countBits(bits, count) === 0) return 0;
      if (this.#bound === this.#expression) return bits;
    }
    const bits = this.#evaluate(this.#expression, 0);
    return run.countBits(bits, count) === 0 ? 0 : bits;
  }

  #evaluate(expression: Plan, depth: number): Address {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    switch (expression.kind) {
      case 'and':
      case 'or': {
        const left = this.#evaluate(expression.left, depth);
        const right = this.#evaluate(expression.right, depth + 1);
        if (expression.kind === 'and') run.andBits(left, right, count);
        else run.orBits(left, right, count);
        return left;
      }
      case 'not': {
        const bits = this.#evaluate(expression.operand, depth);
        run.notBits(bits, count);
        return bits;
      }
      case 'in': {
        const bits = this.#bits(depth);
        run.fillBits(count, 0, bits);
        const lane = this.#decoder.lane(expression.column);
        for (const literal of expression.literals) {
          const one = this.#bits(depth + 1);
          this.#compare(lane, '==', literal, one);
          run.orBits(bits, one, count);
        }
        this.#settleUnread(expression.column, false, bits, depth + 1);
        return bits;
      }
      default:
        break;
    }
    const bits = this.#bits(depth);
    if (expression.kind === 'bits') {
      const { raw } = this.#decoder.pages;
      const { offsets, size } = this.#decoder.layout;
      run.maskedEqual(raw + offsets.flags, size, count, expression.mask, expression.mask, bits);
      if (expression.notTail && run.countBits(bits, count) > 0) {
        const heads = this.#bits(depth + 1);
        run.maskedEqual(raw + offsets.compound, size, count, 1n, 0n, heads);
        run.andBits(bits, heads, count);
      }
      return bits;
    }
    const lane = this.#decoder.lane(expression.column);
    switch (expression.kind) {
      case 'compare':
        this.#compare(lane, expression.operator, expression.literal, bits);
        break;
      case 'has':
        this.#has(lane, expression.names, bits);
        break;
      case 'empty':
        this.#isEmpty(lane, bits);
        break;
    }
    this.#settleUnread(expression.column, expression.kind === 'empty', bits, depth + 1);
    return bits;
  }

  /** Puts in what holds for struct pages that could not be read: what stands in their place is not theirs. */
  #settleUnread(column: ColumnName, holds: boolean, bits: Address, depth: number): void {
    const { pages, count, readable } = this.#decoder;
    if (readable === count || pageColumn(column).ofPlace) return;
    const { run } = pages.loops;
    const read = this.#bits(depth);
    run.byteWithin(pages.states, 1, count, 0, 0, -1, holds ? 1 : 0, read);
    if (holds) run.orBits(bits, read, count);
    else run.andBits(bits, read, count);
  }

  /** A look at all flags words at once, which settles most batches where few pages have a flag. */
  #mayHave({ mask }: Extract<Plan, { kind: 'bits' }>): boolean {
    const { raw, loops } = this.#decoder.pages;
    const { offsets, size } = this.#decoder.layout;
    return loops.run.mayHaveBits(raw + offsets.flags, size, this.#decoder.count, mask) !== 0;
  }

  #bits(depth: number): Address {
    const { loops, capacity } = this.#decoder.pages;
    this.#stack[depth] ??= loops.allocate(Math.ceil(capacity / 32) * 4);
    return this.#stack[depth];
  }

  #compare(lane: Lane, operator: Comparison, literal: Literal, to: Address): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    const negate = operator === '!=' ? 1 : 0;
    if (lane.kind === 'code' || (lane.kind === 'field' && lane.names)) {
      this.#compareName(lane, literal, negate, to);
      return;
    }
    const within = literal.kind === 'number' ? range(operator, literal.value, lane) : undefined;
    if (!within || lane.kind === 'set' || lane.kind === 'empty') {
      run.fillBits(count, 0, to);
      return;
    }
    const [low, high] = within;
    if (low > high) {
      // `!=` of what cannot be holds for all that there is
      if (!negate) run.fillBits(count, 0, to);
      else this.#present(lane, to);
      return;
    }
    switch (lane.kind) {
      case 'int':
      case 'mapcount':
        run.intWithin(lane.at, lane.stride, count, low, high, lane.kind === 'mapcount' ? 1 : 0, negate, to);
        break;
      case 'word':
        run.fieldWithin(lane.at, lane.stride, count, 0, MAX_UINT64, low, high, negate, to);
        break;
      case 'field':
        run.fieldWithin(lane.at, lane.stride, count, lane.shift, BigInt(lane.mask), low, high, negate, to);
        break;
      case 'count':
        run.fieldWithin(lane.at, 8, count, 0, WHOLE, low, high, negate, to);
        break;
      case 'double':
        run.doubleWithin(lane.at, count, Number(low), Number(high), negate, to);
        break;
      case 'byte':
        run.byteWithin(lane.at, lane.stride, count, Number(low), Number(high), 255, negate, to);
        break;
    }
  }

  #compareName(
    lane: Extract<Lane, { kind: 'code' | 'field' }>,
    literal: Literal,
    negate: number,
    to: Address,
  ): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    const wanted = (literal.kind === 'text' ? literal.value : String(literal.value)).toLowerCase();
    // names are added while pages are read (slab caches); one that is not there yet is that of no page so far
    const named = lane.names!.findIndex((n) => n.toLowerCase() === wanted);
    // a zone without a name is printed by its number
    const code = named < 0 && lane.kind === 'field' && /^\d+$/.test(wanted) ? Number(wanted) : named;
    if (code < 0) run.fillBits(count, negate, to);
    else if (lane.kind === 'field') {
      const value = BigInt(code);
      run.fieldWithin(lane.at, lane.stride, count, lane.shift, BigInt(lane.mask), value, value, negate, to);
    } else if (lane.bytes === 1) run.byteWithin(lane.at, lane.stride, count, code, code, -1, negate, to);
    else run.codeEquals(lane.at, lane.stride, count, code, negate, to);
  }

  #has(lane: Lane, names: readonly string[], to: Address): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    if (lane.kind === 'set') {
      const mask = maskOf(lane.names, names);
      run.maskedEqual(lane.at, 8, count, mask, mask, to);
    } else run.fillBits(count, 0, to);
  }

  #isEmpty(lane: Lane, to: Address): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    switch (lane.kind) {
      case 'set':
        run.maskedEqual(lane.at, 8, count, MAX_UINT64, 0n, to);
        break;
      case 'empty':
        run.fillBits(count, 1, to);
        break;
      case 'byte':
        run.byteWithin(lane.at, lane.stride, count, 255, 255, -1, 0, to);
        break;
      case 'mapcount':
        run.typedWords(lane.at, lane.stride, count, to);
        break;
      case 'code':
        this.#compareName(lane, { kind: 'text', value: '' }, 0, to);
        break;
      default:
        run.fillBits(count, 0, to);
    }
  }

  /** All pages that have a value. */
  #present(lane: Lane, to: Address): void {
    this.#isEmpty(lane, to);
    this.#decoder.pages.loops.run.notBits(to, this.#decoder.count);
  }
}

/** The names that this kernel has, of columns that have one of them. */
function knownNames(decoder: Decoder): KnownNames {
  const known = COLUMNS.flatMap((c) => (c.kind === 'name' && c.names ? [[c.name, c.names(decoder)]] : []));
  return Object.fromEntries(known);
}

/** The values that an operator and a number mean, both ends included, within what the lane can hold; `!=` as `==`. */
function range(operator: Comparison, literal: bigint, lane: Lane): [low: bigint, high: bigint] {
  const isWord = lane.kind === 'word';
  const value = isWord ? BigInt.asUintN(64, literal) : literal;
  const [least, most] = limits(lane);
  const [low, high] = {
    '==': [value, value],
    '!=': [value, value],
    '<': [least, value - 1n],
    '<=': [least, value],
    '>': [value + 1n, most],
    '>=': [value, most],
  }[operator] as [bigint, bigint];
  if (low > most || high < least) return [1n, 0n];
  return [low < least ? least : low, high > most ? most : high];
}

/** The least and the greatest value that a lane can hold. */
function limits(lane: Lane): readonly [least: bigint, most: bigint] {
  switch (lane.kind) {
    case 'word':
      return [0n, MAX_UINT64];
    case 'field':
    case 'count':
    case 'double':
      return [0n, WHOLE];
    case 'byte':
      return [0n, 254n];
    default:
      return [MIN_INT64, MAX_INT64];
  }
}

function maskOf(names: readonly string[], wanted: readonly string[]): bigint {
  let mask = 0n;
  for (const name of wanted) {
    const bit = names.indexOf(name);
    if (bit < 0) {
      throw new UsageError(`in --where: this kernel has no flag '${name}'; it has ${names.join(', ')}`);
    }
    mask |= 1n << BigInt(bit);
  }
  return mask;
}

/**
 * What follows from an expression and can be told from the struct page alone; 'any' if nothing does. Where the
 * expression itself can be, it is the very same object.
 */
function cheapBound(expression: Expression, flags: FlagRules): Plan | 'any' {
  switch (expression.kind) {
    case 'and': {
      const left = cheapBound(expression.left, flags);
      const right = cheapBound(expression.right, flags);
      if (left === expression.left && right === expression.right) return expression;
      if (left === 'any') return right;
      return right === 'any' ? left : { kind: 'and', left, right };
    }
    case 'or': {
      const left = cheapBound(expression.left, flags);
      const right = cheapBound(expression.right, flags);
      if (left === expression.left && right === expression.right) return expression;
      return left === 'any' || right === 'any' ? 'any' : { kind: 'or', left, right };
    }
    case 'not':
      return cheapBound(expression.operand, flags) === expression.operand ? expression : 'any';
    case 'has': {
      const mask = wordBits(maskOf(flags.names, expression.names), flags);
      // where tails keep the order in bits of flags, those are no flags of theirs
      return {
        kind: 'bits',
        mask,
        notTail: (mask & flags.bits & ~flags.tailBits) !== 0n,
      };
    }
    default:
      return pageColumn(expression.column).needs === undefined ? expression : 'any';
  }
}

/** The bits of the flags word that have to be set for these names to be in the set: an alias stands for a bit too. */
function wordBits(set: bigint, flags: FlagRules): bigint {
  let bits = set & flags.bits;
  for (const rule of flags.rules) if ((set >> BigInt(rule.to)) & 1n) bits |= 1n << BigInt(rule.bit);
  return bits;
}
