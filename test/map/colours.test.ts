import { describe, expect, test } from 'vitest';
import { coloursFor, DISTINCT } from '../../src/map/colours.ts';

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** What people see who lack one kind of cone, for linear light: Machado, Oliveira and Fernandes (2009), severity 1. */
const SIGHTS: Readonly<Record<string, Matrix>> = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red cones': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green cones': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue cones': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const times = (m: Matrix, v: Triple): Triple => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];

/** CIE Lab of a colour as 0xrrggbb that is seen in some way. */
function lab(rgb: number, sight: Matrix): Triple {
  const linear = [16, 8, 0].map((shift) => {
    const part = ((rgb >> shift) & 255) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
  const [r, g, b] = times(sight, linear).map((part) => Math.min(1, Math.max(0, part))) as unknown as Triple;
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * (t / 116) + 16 / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const difference = (a: Triple, b: Triple): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** The pairs of labels whose colours are closer than `least` to each other. */
function tooClose(
  labels: readonly string[],
  theme: 'light' | 'dark',
  sight: Matrix,
  least: number,
): string[] {
  const colours = coloursFor(labels).map((colour) => lab(colour[theme], sight));
  const out: string[] = [];
  for (const [i, a] of colours.entries()) {
    for (const [j, b] of colours.slice(0, i).entries()) {
      if (difference(a, b) < least) out.push(`${labels[j]} and ${labels[i]}: ${difference(a, b).toFixed(1)}`);
    }
  }
  return out;
}

const TYPES = [
  'buddy',
  'anon',
  'file',
  'slab',
  'hugetlb',
  'table',
  'reserved',
  'other',
  'ksm',
  'no struct page',
];
const MIGRATETYPES = ['Unmovable', 'Movable', 'Reclaimable', 'HighAtomic', 'CMA', 'Isolate'];

describe.each(Object.entries(SIGHTS))('with %s', (_, sight) => {
  // a difference of 2.3 can just be noticed beside each other
  test.each(['light', 'dark'] as const)('types and migratetypes can be told apart on %s ground', (theme) => {
    expect(tooClose(TYPES, theme, sight, 7)).toEqual([]);
    expect(tooClose(MIGRATETYPES, theme, sight, 7)).toEqual([]);
  });
});

test('labels that no table has get colours of their own', () => {
  const labels = Array.from({ length: DISTINCT.length }, (_, i) => `owner ${i}`);
  expect(new Set(coloursFor(labels)).size).toBe(labels.length);
});
