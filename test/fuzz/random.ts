/** Numbers at which programs err: ends of ranges, signs, sizes of pages and sections. */
const INTERESTING: readonly bigint[] = [
  ...[
    0n,
    1n,
    2n,
    3n,
    7n,
    8n,
    15n,
    16n,
    31n,
    32n,
    63n,
    64n,
    100n,
    127n,
    128n,
    255n,
    256n,
    4095n,
    4096n,
    4097n,
  ],
  ...[16n, 20n, 24n, 27n, 30n, 31n, 32n, 33n, 40n, 46n, 47n, 48n, 52n, 53n, 62n, 63n].flatMap((bits) => [
    (1n << bits) - 1n,
    1n << bits,
    (1n << bits) + 1n,
  ]),
  (1n << 64n) - 1n,
  (1n << 64n) - 2n,
  0xffffffff80000000n,
  0xffff888000000000n,
];

/** Random choices that a seed repeats (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number of 32 bits. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return end <= 1 ? 0 : Math.floor((this.word() / 4294967296) * end);
  }

  chance(part: number): boolean {
    return this.word() < part * 4294967296;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 255);
  }

  /** A number of 64 bits that is likely to be at an edge. */
  number(): bigint {
    if (this.chance(0.7)) return BigInt.asUintN(64, this.pick(INTERESTING) + BigInt(this.below(3)) - 1n);
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }
}
