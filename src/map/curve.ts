import type { CurveName } from './options.ts';

/** A way to lay the positions 0, 1, 2, ... out in a rectangle. */
export interface Curve {
  readonly name: CurveName;
  readonly width: number;
  readonly height: number;
  /** y * width + x of a position. */
  place(position: number): number;
  /** The position at (x, y), which must be inside of the rectangle. */
  at(x: number, y: number): number;
}

/** A square of the Hilbert curve has at most 2 to twice this many positions, so that 32 bits hold them. */
const MOST_ORDER = 15;

/**
 * Tables of the Hilbert curve. A square is in one of four states, which tell in what order its quarters follow each other; each
 * quarter is a square again. Index: state * 4 + number of the quarter; x and y are its bits.
 */
const QUARTER_X = [0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0] as const;
const QUARTER_Y = [0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1] as const;
const NEXT = [1, 0, 0, 2, 0, 1, 1, 3, 3, 2, 2, 0, 2, 3, 3, 1] as const;
/** The number of the quarter by state * 4 + x * 2 + y. */
const NUMBER: readonly number[] = Array.from({ length: 16 }, (_, i) => {
  const state = i >> 2;
  return [0, 1, 2, 3].find((q) => QUARTER_X[state * 4 + q]! * 2 + QUARTER_Y[state * 4 + q]! === (i & 3))!;
});

/** A curve for `count` positions. */
export function curveFor(name: CurveName, count: number): Curve {
  return name === 'hilbert' ? hilbert(count) : rows(count);
}

/**
 * The smallest of: a Hilbert square, or up to three beside each other. The curve leaves a square in the corner where the next one
 * begins.
 */
function hilbert(count: number): Curve {
  let order = 0;
  while (order < MOST_ORDER && 3 * 4 ** order < count) order++;
  const side = 2 ** order;
  const area = side * side;
  const squares = Math.max(1, Math.ceil(count / area));
  const width = side * squares;
  return {
    name: 'hilbert',
    width,
    height: side,
    place(position) {
      const square = Math.floor(position / area);
      const rest = position - square * area;
      let [x, y, state] = [0, 0, 0];
      for (let shift = 2 * order - 2; shift >= 0; shift -= 2) {
        const at = state * 4 + ((rest >>> shift) & 3);
        x = (x << 1) | QUARTER_X[at]!;
        y = (y << 1) | QUARTER_Y[at]!;
        state = NEXT[at]!;
      }
      return y * width + square * side + x;
    },
    at(x, y) {
      const square = Math.floor(x / side);
      const within = x - square * side;
      let [rest, state] = [0, 0];
      for (let bit = order - 1; bit >= 0; bit--) {
        const number = NUMBER[state * 4 + ((within >>> bit) & 1) * 2 + ((y >>> bit) & 1)]!;
        rest = rest * 4 + number;
        state = NEXT[state * 4 + number]!;
      }
      return square * area + rest;
    },
  };
}

/** Rows from left to right, whose length is a power of two, at most twice as wide as high. */
function rows(count: number): Curve {
  let width = 1;
  while (width * width < count) width *= 2;
  return {
    name: 'rows',
    width,
    height: Math.max(1, Math.ceil(count / width)),
    place: (position) => position,
    at: (x, y) => y * width + x,
  };
}
