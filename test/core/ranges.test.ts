import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intersect, lengthOf, locate, overlay, type Range, unite } from '../../src/core/ranges.ts';

const range = fc
  .tuple(fc.nat(60), fc.nat(12))
  .map(([start, length]): Range => ({ start, end: start + length }));
const ranges = fc.array(range, { maxLength: 8 });
const covered = (list: readonly Range[]): number[] => {
  const all = new Set<number>();
  for (const r of list) for (let i = r.start; i < r.end; i++) all.add(i);
  return [...all].sort((a, b) => a - b);
};

test('unite covers the same, sorted and apart', () => {
  fc.assert(
    fc.property(ranges, (list) => {
      const out = unite(list);
      expect(covered(out)).toEqual(covered(list));
      for (let i = 1; i < out.length; i++) expect(out[i]!.start).toBeGreaterThan(out[i - 1]!.end);
      expect(lengthOf(out)).toBe(covered(list).length);
    }),
  );
});

test('intersect covers what both cover', () => {
  fc.assert(
    fc.property(ranges, ranges, (a, b) => {
      const inB = new Set(covered(b));
      expect(covered(intersect(unite(a), unite(b)))).toEqual(covered(a).filter((i) => inB.has(i)));
    }),
  );
});

test('overlay gives each place to the first piece that covers it', () => {
  fc.assert(
    fc.property(ranges, (list) => {
      const pieces = list.map((r, id) => ({ ...r, id }));
      const out = overlay(pieces, (piece, cut) => ({ ...piece, ...cut }));
      const owner = new Map<number, number>();
      for (const p of [...pieces].reverse()) for (let i = p.start; i < p.end; i++) owner.set(i, p.id);
      const seen = new Map<number, number>();
      for (const p of out) for (let i = p.start; i < p.end; i++) seen.set(i, p.id);
      expect(seen).toEqual(new Map([...owner].sort((a, b) => a[0] - b[0])));
    }),
  );
});

test('locate finds the range around or behind a place', () => {
  fc.assert(
    fc.property(ranges, fc.nat(80), (list, at) => {
      const sorted = unite(list);
      const index = sorted.findIndex((r) => r.end > at);
      expect(locate(sorted, at)).toBe(index < 0 ? sorted.length : index);
    }),
  );
});
