import type { Lane } from '../../decode/lanes.ts';
import { CONSTANTS, type RECORDS } from '../../loops/abi.ts';
import type { Address, Loops } from '../../loops/loops.ts';
import type { RecordOf } from '../../loops/records.ts';
import { hull, type Interval, intervalOf, type Width, widthOf } from './interval.ts';
import { printValue } from './print.ts';
import { type Bounds, boundsOf } from './ranges.ts';
import type { BinaryOperator, Test, Value } from './syntax.ts';

const { Operation } = CONSTANTS;
const WORD = (1n << 64n) - 1n;

/** The tests that compare calculated values. */
export type CalculatedTest = Extract<Test, { kind: 'compare' | 'nonzero' | 'in' | 'empty' }>;

type Step = Partial<RecordOf<typeof RECORDS.Step>> & { readonly operation: number };

/** A calculated vector and the bounds of its values. */
interface Vector {
  readonly at: Address;
  readonly interval: Interval;
  readonly width: Width;
  /** Whether its high halves have been computed. */
  isWide: boolean;
}

/** How to get the lanes and bounds of the columns of a test. */
export interface Columns {
  interval(column: string): Interval;
  lane(column: string): Lane;
}

/** Builds the steps of `runSteps` for one test over the lanes of a batch. No column or calculation is processed twice. */
export class Program {
  readonly steps: Step[] = [];
  readonly #columns: Columns;
  readonly #vector: (index: number) => Address;
  readonly #vectors: Map<string, Vector> = new Map();
  readonly #loops: Loops;
  #used = 0;

  /** `vector` provides room for a vector; other programs may use the same vector numbers. */
  constructor(test: CalculatedTest, columns: Columns, vector: (index: number) => Address, loops: Loops) {
    this.#columns = columns;
    this.#vector = vector;
    this.#loops = loops;
    this.#test(test);
  }

  #test(test: CalculatedTest): void {
    switch (test.kind) {
      case 'compare':
        this.#compare(test);
        break;
      case 'nonzero': {
        const value = this.#calculate(test.value);
        if (value.width === 'wide') this.#equalTo(value, 0n, 1);
        else this.#push({ operation: Operation.within, from: value.at, low: 0n, high: 0n, negated: 1 });
        break;
      }
      case 'in':
        this.#among(this.#calculate(test.value), test.numbers);
        break;
      case 'empty':
        this.#push({ operation: Operation.isEmpty, from: this.#calculate(test.value).at });
    }
  }

  #compare(test: Extract<Test, { kind: 'compare' }>): void {
    const { operator, left, right } = test;
    if (left.kind === 'number' || right.kind === 'number') {
      const value = this.#calculate(left.kind === 'number' ? right : left);
      if (value.width !== 'wide') {
        this.#within(value, boundsOf(test));
        return;
      }
    }
    // a <= b is !(b < a)
    const isSwapped = operator === '<=';
    const a = this.#calculate(isSwapped ? right : left);
    const b = this.#calculate(isSwapped ? left : right);
    const width = widthOf(hull([a.interval.low, a.interval.high, b.interval.low, b.interval.high]));
    if (width === 'wide') for (const vector of [a, b]) this.#widen(vector);
    const operation =
      operator === '=='
        ? { signed: Operation.equal, unsigned: Operation.equal, wide: Operation.equalWide }[width]
        : { signed: Operation.lessSigned, unsigned: Operation.less, wide: Operation.lessWide }[width];
    this.#push({ operation, from: a.at, other: b.at, negated: Number(isSwapped) });
  }

  #within({ at, interval }: Vector, { low, high }: Bounds): void {
    const from = low === undefined || low < interval.low ? interval.low : low;
    const to = high === undefined || high > interval.high ? interval.high : high;
    // an empty list contains no value
    if (from > to) this.#push({ operation: Operation.among, from: at, length: 0 });
    else this.#push({ operation: Operation.within, from: at, low: from & WORD, high: to & WORD });
  }

  #equalTo(value: Vector, number: bigint, negated: number): void {
    const constant = this.#constant(number);
    this.#widen(value);
    this.#widen(constant);
    // the constant is never empty, so an empty value does not equal it
    this.#push({ operation: Operation.equalWide, from: value.at, other: constant.at, negated });
  }

  #among(value: Vector, numbers: readonly bigint[]): void {
    if (value.width === 'wide') throw new TypeError('only words are looked up');
    const { low, high } = value.interval;
    const words = numbers.filter((n) => n >= low && n <= high).map((n) => BigInt.asUintN(64, n));
    const sorted = BigUint64Array.from(new Set(words)).sort();
    const table = this.#loops.allocate(sorted.length * 8);
    this.#loops.longs(table, sorted.length).set(sorted);
    this.#push({ operation: Operation.among, from: value.at, table, length: sorted.length });
  }

  #calculate(value: Value): Vector {
    const key = printValue(value);
    let vector = this.#vectors.get(key);
    if (!vector) {
      vector = this.#make(value);
      this.#vectors.set(key, vector);
    }
    return vector;
  }

  #make(value: Value): Vector {
    switch (value.kind) {
      case 'number':
        return this.#constant(value.value);
      case 'column':
        return this.#load(value.column);
      case 'unary':
        // -a is 0 - a, and ~a is a ^ -1
        return value.operator === '-'
          ? this.#binary(
              '-',
              this.#calculate({ kind: 'number', value: 0n }),
              this.#calculate(value.operand),
              value,
            )
          : this.#binary(
              '^',
              this.#calculate(value.operand),
              this.#calculate({ kind: 'number', value: -1n }),
              value,
            );
      case 'binary':
        return this.#binary(value.operator, this.#calculate(value.left), this.#calculate(value.right), value);
    }
  }

  #binary(operator: BinaryOperator, a: Vector, b: Vector, value: Value): Vector {
    const result = this.#new(intervalOf(value, (column) => this.#columns.interval(column)));
    const to = result.at;
    if (operator === '/' || operator === '%') {
      const signs =
        Number(a.width === 'signed') + 2 * Number(b.width === 'signed') + (operator === '%' ? 4 : 0);
      this.#push({ operation: Operation.divide, from: a.at, other: b.at, to, shift: signs });
      result.isWide = true;
      return result;
    }
    const isShift = operator === '<<' || operator === '>>';
    // high bits that are shifted down must be present
    const isWide = result.width === 'wide' || (operator === '>>' && a.width === 'wide');
    if (isWide) for (const vector of isShift ? [a] : [a, b]) this.#widen(vector);
    this.#push({
      operation: isWide ? WIDE[operator] : this.#narrow(operator, a),
      from: a.at,
      other: b.at,
      to,
    });
    if (isShift) {
      this.#push({ operation: Operation.checkShifts, from: b.at, to, shift: Number(b.width === 'wide') });
    }
    result.isWide = isWide;
    return result;
  }

  #narrow(operator: Exclude<BinaryOperator, '/' | '%'>, a: Vector): number {
    return operator === '>>' && a.width === 'signed' ? Operation.shiftRightSigned : NARROW[operator];
  }

  #widen(vector: Vector): void {
    if (vector.isWide) return;
    const isSigned = vector.width === 'signed';
    this.#push({ operation: isSigned ? Operation.widenSigned : Operation.widenUnsigned, from: vector.at });
    vector.isWide = true;
  }

  #constant(number: bigint): Vector {
    const vector = this.#new({ low: number, high: number });
    const [low, high] = [number & WORD, (number >> 64n) & WORD];
    this.#push({ operation: Operation.constant, to: vector.at, low, high });
    vector.isWide = true;
    return vector;
  }

  #load(column: string): Vector {
    const lane = this.#columns.lane(column);
    const vector = this.#new(this.#columns.interval(column));
    this.#push({ ...loadOf(lane), to: vector.at });
    return vector;
  }

  #new(interval: Interval): Vector {
    return { at: this.#vector(this.#used++), interval, width: widthOf(interval), isWide: false };
  }

  #push(step: Step): void {
    this.steps.push(step);
  }
}

const NARROW: Readonly<Record<Exclude<BinaryOperator, '/' | '%'>, number>> = {
  '+': Operation.add,
  '-': Operation.subtract,
  '*': Operation.multiply,
  '&': Operation.and,
  '|': Operation.or,
  '^': Operation.xor,
  '<<': Operation.shiftLeft,
  '>>': Operation.shiftRight,
};

const WIDE: Readonly<Record<Exclude<BinaryOperator, '/' | '%'>, number>> = {
  '+': Operation.addWide,
  '-': Operation.subtractWide,
  '*': Operation.multiplyWide,
  '&': Operation.andWide,
  '|': Operation.orWide,
  '^': Operation.xorWide,
  '<<': Operation.shiftLeftWide,
  '>>': Operation.shiftRightWide,
};

/** The step that loads the values of a lane. */
function loadOf(lane: Lane): Step {
  switch (lane.kind) {
    case 'int':
      return { operation: Operation.loadInt, from: lane.at, stride: lane.stride };
    case 'mapcount':
      return { operation: Operation.loadMapcount, from: lane.at, stride: lane.stride };
    case 'field':
      return {
        operation: Operation.loadField,
        from: lane.at,
        stride: lane.stride,
        shift: lane.shift,
        low: BigInt(lane.mask),
      };
    case 'word':
      return { operation: Operation.loadField, from: lane.at, stride: lane.stride, shift: 0, low: WORD };
    case 'count':
      return { operation: Operation.loadField, from: lane.at, stride: 8, shift: 0, low: WORD };
    case 'optional':
      return { operation: Operation.loadOptional, from: lane.at, stride: 8 };
    case 'double':
      return { operation: Operation.loadDouble, from: lane.at, stride: 8 };
    case 'byte':
      return { operation: Operation.loadByte, from: lane.at, stride: lane.stride };
    case 'empty':
      return { operation: Operation.loadNothing };
    default:
      throw new TypeError('names are no numbers');
  }
}
