import { expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { Btf } from '../../src/formats/btf/btf.ts';
import { factsFromBtf } from '../../src/layout/from-btf.ts';
import { btfBytes } from '../builders/btf.ts';

/** The facts of a struct folio with two words of these names. */
function folioOf(first: string, second: string) {
  const types = `
int u64 8
struct folio 16
  ${first} 1 0
  ${second} 1 64
`;
  return factsFromBtf(Btf.parse(btfBytes(types), 'test'), 'test', 'btf-in-image');
}

test('a member that is there may have no members of its own, whatever the next one is called', () => {
  const facts = folioOf('_flags_1', '_flags_3');
  expect(facts.place('folio', '_flags_1.f')).toBeUndefined();
  expect(facts.place('folio', '_flags_1')).toEqual({ offset: 0, size: 8 });
});

test('a member whose name was changed by one bit is refused', () => {
  expect(() => folioOf('_flaes_1', '_head_1').place('folio', '_flags_1')).toThrow(FormatError);
});
