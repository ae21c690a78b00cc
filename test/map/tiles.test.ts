import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseForms } from '../../src/map/tiles.ts';

const sizes = fc.array(
  fc.record({ kinds: fc.integer({ min: 1, max: 1000 }), labels: fc.integer({ min: 1, max: 1000 }) }),
);

describe('the forms of tiles', () => {
  test('stay within the budget', () => {
    fc.assert(
      fc.property(sizes, fc.nat(20_000), (tiles, budget) => {
        const forms = chooseForms(tiles, budget);
        const size = forms.reduce((sum, form, i) => sum + (form === 'none' ? 0 : tiles[i]![form]), 0);
        expect(size).toBeLessThanOrEqual(budget);
      }),
    );
  });

  test('are complete if everything fits', () => {
    fc.assert(
      fc.property(sizes, (tiles) => {
        const forms = chooseForms(tiles, 1e9);
        expect(forms).toEqual(tiles.map(() => 'kinds'));
      }),
    );
  });

  test('are the labels of all tiles before the kinds of any', () => {
    const tiles = [
      { kinds: 100, labels: 10 },
      { kinds: 50, labels: 20 },
    ];
    expect(chooseForms(tiles, 29)).toEqual(['labels', 'none']);
    expect(chooseForms(tiles, 30)).toEqual(['labels', 'labels']);
    expect(chooseForms(tiles, 60)).toEqual(['labels', 'kinds']);
  });
});
