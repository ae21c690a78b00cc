import { COLUMNS, type ColumnName, pageColumn } from '../../decode/columns/registry.ts';
import type { Decoder } from '../../decode/decode.ts';
import { type Lane, NOTHING } from '../../decode/lanes.ts';
import type { Address } from '../../loops/loops.ts';
import { type Bound, boundOf, type FlagBitsBound, maskOf } from './bound.ts';
import { Calculations, limitsOf } from './calculations.ts';
import { checkNames, type KnownNames } from './check-names.ts';
import { rowTest } from './evaluate.ts';
import { checkWidths } from './interval.ts';
import { type Leaf, type Plan, planOf } from './plan.ts';
import { type ColumnRange, clamp, rangeOf } from './ranges.ts';
import { columnsOf, type Expression, type NameTest, type Test, testsOf } from './syntax.ts';
import { WantedCodes } from './wanted-codes.ts';

const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * A `--where` expression as a plan of loops. Each test makes a bitmap over the pages of a batch; `&&`, `||` and `!` combine
 * bitmaps. If a struct page could not be read, neither a test of its contents nor the negation holds.
 */
export class Filter {
  readonly #decoder: Decoder;
  readonly #plan: Plan;
  readonly #bound: Bound | undefined;
  readonly #stack: Address[] = [];
  readonly #calculations: Calculations;
  readonly #codes: Map<Test, WantedCodes> = new Map();

  /** Throws UsageError for a name that this kernel lacks, and for a calculation that may need more than 128 bits. */
  constructor(decoder: Decoder, expression: Expression) {
    checkNames(expression, knownNames(decoder));
    for (const test of testsOf(expression)) checkWidths(test, limitsOf);
    this.#decoder = decoder;
    this.#calculations = new Calculations(decoder);
    this.#plan = planOf(expression);
    this.#bound = boundOf(this.#plan, decoder.pages.flags);
  }

  /**
   * Returns the bitmap of the pages that match, or 0 if none does. Tests that need only the struct page run first; if no
   * page passes, the folio pass does not run.
   */
  run(): Address {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    if (this.#bound) {
      if (this.#bound.kind === 'bits' && !this.#mayHave(this.#bound)) return 0;
      const bits = this.#evaluate(this.#bound, 0);
      if (run.countBits(bits, count) === 0) return 0;
      if (this.#bound === this.#plan) return bits;
    }
    const bits = this.#evaluate(this.#plan, 0);
    return run.countBits(bits, count) === 0 ? 0 : bits;
  }

  #evaluate(plan: Bound, depth: number): Address {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    if (plan.kind === 'leaf') return this.#leaf(plan, depth);
    if (plan.kind === 'bits') return this.#flagBits(plan, depth);
    const [first, ...rest] = plan.terms as readonly [Bound, ...Bound[]];
    const bits = this.#evaluate(first, depth);
    for (const term of rest) {
      const other = this.#evaluate(term, depth + 1);
      if (plan.kind === 'and') run.andBits(bits, other, count);
      else run.orBits(bits, other, count);
    }
    return bits;
  }

  #leaf({ test, isNegated }: Leaf, depth: number): Address {
    const { pages, count, readable } = this.#decoder;
    const { run } = pages.loops;
    const bits = this.#bits(depth);
    this.#test(test, bits, depth + 1);
    if (isNegated) run.notBits(bits, count);
    if (readable < count && !columnsOf(test).every((column) => pageColumn(column as ColumnName).ofPlace)) {
      const read = this.#bits(depth + 1);
      run.byteWithin(pages.states, 1, count, 0, 0, -1, 0, read);
      run.andBits(bits, read, count);
    }
    return bits;
  }

  #test(test: Test, to: Address, depth: number): void {
    const range = rangeOf(test);
    if (range) this.#within(range, to);
    else if (test.kind === 'named' || test.kind === 'pattern' || test.kind === 'holds')
      this.#named(test, test, to, depth);
    else if (test.kind === 'has') this.#has(test, to);
    else if (test.kind === 'empty' && test.value.kind === 'column')
      this.#isEmpty(test, test.value.column, to, depth);
    else if (!this.#calculations.run(test, to)) this.#byRows(test, to);
  }

  /** Tests page by page what no loop can: whether a calculation of more than 64 bits is in a list. */
  #byRows(test: Test, to: Address): void {
    const { pages, count } = this.#decoder;
    const holds = rowTest(test, (name) => this.#decoder.column(name as ColumnName));
    const words = pages.loops.words(to, Math.ceil(count / 32)).fill(0);
    for (let i = 0; i < count; i++) if (holds(i)) words[i >> 5] = words[i >> 5]! | (1 << (i & 31));
  }

  #flagBits({ mask, notTail }: FlagBitsBound, depth: number): Address {
    const { loops, raw } = this.#decoder.pages;
    const { offsets, size } = this.#decoder.layout;
    const { count } = this.#decoder;
    const { run } = loops;
    const bits = this.#bits(depth);
    run.maskedEqual(raw + offsets.flags, size, count, mask, mask, bits);
    if (notTail && run.countBits(bits, count) > 0) {
      const heads = this.#bits(depth + 1);
      run.maskedEqual(raw + offsets.compound, size, count, 1n, 0n, heads);
      run.andBits(bits, heads, count);
    }
    return bits;
  }

  /** Checks all flags words at once, which decides most batches if few pages have a flag. */
  #mayHave({ mask }: FlagBitsBound): boolean {
    return this.#decoder.mayHaveFlags(mask);
  }

  #bits(depth: number): Address {
    const { loops, capacity } = this.#decoder.pages;
    this.#stack[depth] ??= loops.allocate(Math.ceil(capacity / 32) * 4);
    return this.#stack[depth];
  }

  #lane(column: string): Lane {
    return this.#decoder.lane(column as ColumnName);
  }

  #within(range: ColumnRange, to: Address): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    const lane = this.#lane(range.column);
    const possible = clamp(range, lane);
    if (!possible || lane.kind === 'empty') {
      run.fillBits(count, 0, to);
      return;
    }
    const [low, high] = possible;
    switch (lane.kind) {
      case 'int':
      case 'mapcount':
        run.intWithin(lane.at, lane.stride, count, low, high, lane.kind === 'mapcount' ? 1 : 0, 0, to);
        break;
      case 'word':
        run.fieldWithin(lane.at, lane.stride, count, 0, MAX_UINT64, low, high, 0, to);
        break;
      case 'field':
        run.fieldWithin(lane.at, lane.stride, count, lane.shift, BigInt(lane.mask), low, high, 0, to);
        break;
      case 'count':
        run.fieldWithin(lane.at, 8, count, 0, MAX_UINT64, low, high, 0, to);
        break;
      case 'optional':
        run.optionalWithin(lane.at, count, BigInt.asUintN(64, low), BigInt.asUintN(64, high), to);
        break;
      case 'double':
        run.doubleWithin(lane.at, count, Number(low), Number(high), 0, to);
        break;
      case 'byte':
        run.byteWithin(lane.at, lane.stride, count, Number(low), Number(high), 255, 0, to);
        break;
      default:
        throw new TypeError(`${range.column} is not a number`);
    }
  }

  /** `key` is the test of the plan, under which the codes of its names are cached for the next batch. */
  #named(key: Test, test: NameTest, to: Address, depth: number): void {
    const { pages, count } = this.#decoder;
    const { run } = pages.loops;
    const lane = this.#lane(test.column);
    let wanted = this.#codes.get(key);
    if (!wanted) {
      wanted = new WantedCodes(test);
      this.#codes.set(key, wanted);
    }
    const codes = wanted.of(lane);
    if (lane.kind === 'code' && codes.length > 1) {
      const table = wanted.table(pages.loops);
      run.codesAmong(lane.at, lane.stride, count, lane.bytes, table.at, table.length, to);
      return;
    }
    run.fillBits(count, 0, to);
    const one = this.#bits(depth);
    for (const code of codes) {
      this.#hasCode(lane, code, one);
      run.orBits(to, one, count);
    }
  }

  #hasCode(lane: Lane, code: number, to: Address): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    if (lane.kind === 'field') {
      const value = BigInt(code);
      run.fieldWithin(lane.at, lane.stride, count, lane.shift, BigInt(lane.mask), value, value, 0, to);
    } else if (lane.kind !== 'code') throw new TypeError('the column has no names');
    else if (lane.bytes === 1) run.byteWithin(lane.at, lane.stride, count, code, code, -1, 0, to);
    else if (lane.bytes === 2) run.codeEquals(lane.at, lane.stride, count, code, 0, to);
    else run.intWithin(lane.at, lane.stride, count, BigInt(code), BigInt(code), 0, 0, to);
  }

  #has({ column, how, names }: Extract<Test, { kind: 'has' }>, to: Address): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    const lane = this.#lane(column);
    if (lane.kind !== 'set') throw new TypeError(`${column} is not a set`);
    const mask = maskOf(lane.names, names);
    run.maskedEqual(lane.at, 8, count, mask, how === 'all' ? mask : 0n, to);
    if (how === 'any') run.notBits(to, count);
  }

  #isEmpty(key: Test, column: string, to: Address, depth: number): void {
    const { run } = this.#decoder.pages.loops;
    const { count } = this.#decoder;
    const lane = this.#lane(column);
    switch (lane.kind) {
      case 'set':
        run.maskedEqual(lane.at, 8, count, MAX_UINT64, 0n, to);
        break;
      case 'optional':
        run.maskedEqual(lane.at, 8, count, MAX_UINT64, NOTHING, to);
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
        this.#named(key, { kind: 'named', column, names: [''] }, to, depth);
        break;
      default:
        run.fillBits(count, 0, to);
    }
  }
}

/** The names that this kernel has, for columns whose names are known before any page is read. */
function knownNames(decoder: Decoder): KnownNames {
  return Object.fromEntries(COLUMNS.flatMap((c) => (c.names ? [[c.name, c.names(decoder)]] : [])));
}
