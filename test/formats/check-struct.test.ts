import { describe, expect, test } from 'vitest';
import { Btf } from '../../src/formats/btf/btf.ts';
import { checkStruct } from '../../src/formats/btf/check-struct.ts';
import { openMemory } from '../../src/index.ts';
import { findBtf } from '../../src/kernel/find-btf.ts';
import { WANTED_STRUCTS } from '../../src/layout/wanted.ts';
import { btfBytes } from '../builders/btf.ts';
import { GUESTS } from '../golden/oracles.ts';

const parse = (text: string): Btf => Btf.parse(btfBytes(text), 'test');

const GOOD = `
int u64 8
int u32 4
union - 8
  a 1 0
  b 2 0
struct page 24
  flags 1 0
  - 3 64
  low 2 128:3
  high 2 131:5
`;

describe('a struct that a compiler could have made', () => {
  test('is believed', () => {
    const btf = parse(GOOD.replace('struct page 24', 'struct page 24 flag'));
    expect(() => checkStruct(btf, btf.struct('page')!, 'page')).not.toThrow();
  });

  test.each(GUESTS)('as all that are used of $name', async ({ capture }) => {
    const inspector = await openMemory(capture);
    const btf = findBtf(inspector.kernel, [])?.btf;
    for (const name of Object.keys(WANTED_STRUCTS)) {
      const id = btf?.struct(name);
      if (btf && id !== undefined) checkStruct(btf, id, name);
    }
    inspector.close();
  });
});

describe('a struct that none makes is refused', () => {
  const flagged = GOOD.replace('struct page 24', 'struct page 24 flag');
  test.each([
    ['a member beyond the end', 'high 2 131:5', 'high 2 8388600:5', /high at byte 1048575/],
    ['a member over another', '- 3 64', '- 3 32', /anonymous.* at byte 4/],
    ['a member of a union that is not at 0', 'b 2 0', 'b 2 32', /behind|begin at 0/],
    ['a member within a byte', '- 3 64', '- 3 65', /whole bytes/],
    ['a size that ends before its members', 'struct page 24', 'struct page 16', /end within/],
    ['members that are larger than the place they have', 'union - 8', 'union - 80', /end within|behind/],
  ])('%s', (_what, from, to, message) => {
    const btf = parse(flagged.replace(from, to));
    expect(() => checkStruct(btf, btf.struct('page')!, 'page')).toThrow(message);
  });
});
