import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FaultError, FormatError } from '../../../src/core/errors.ts';
import { findKallsyms } from '../../../src/formats/kallsyms/find-tables.ts';
import { Kallsyms, type KallsymsTables } from '../../../src/formats/kallsyms/kallsyms.ts';
import { buildKallsyms, parseSymbols, readFrom, type TableOrder } from '../../builders/kallsyms.ts';

const TEXT = 0xffffffff81000000n;
const SYMBOLS = parseSymbols(
  [
    'ffffffff81000000 T _text',
    'ffffffff81000000 T _stext',
    ...Array.from(
      { length: 700 },
      (_, i) => `${(TEXT + 64n + BigInt(i * 8)).toString(16)} t symbol_${i * 31}`,
    ),
    'ffffffff82000000 B _end',
  ].join('\n'),
);

function exercise(bytes: Uint8Array, base: bigint, tables: KallsymsTables): void {
  const found = findKallsyms({ bytes, address: base });
  for (const candidate of found ? [tables, found] : [tables]) {
    try {
      const kallsyms = Kallsyms.open(readFrom(bytes, base), candidate, { text: TEXT });
      kallsyms.addresses(['_stext', 'symbol_31', 'nothing']);
      kallsyms.nearest(TEXT + 1000n);
      let left = 2000;
      for (const _ of kallsyms.entries()) if (left-- === 0) break;
    } catch (error) {
      expect(error instanceof FormatError || error instanceof FaultError, String(error)).toBe(true);
    }
  }
}

test.each<TableOrder>(['5.10', '6.2', '6.4', '7.0'])('damaged tables in the order of %s', (order) => {
  const encoding = order === '7.0' ? 'in place' : 'relative';
  const { image, tables } = buildKallsyms(SYMBOLS, { order, encoding });
  const position = fc.oneof(
    fc.nat(image.bytes.length - 1),
    // where a change matters most
    fc
      .tuple(fc.constantFrom(...Object.values(tables)), fc.nat(600))
      .map(([address, distance]) => Number(address! - image.address) + distance),
  );
  const changes = fc.array(fc.record({ at: position, value: fc.nat(255) }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(changes, (list) => {
      const bytes = image.bytes.slice();
      for (const { at, value } of list) if (at < bytes.length) bytes[at] = value;
      exercise(bytes, image.address, tables);
    }),
    { numRuns: 300 },
  );
});

test('tables at wrong addresses', () => {
  const { image, tables } = buildKallsyms(SYMBOLS, { order: '6.4', encoding: 'relative' });
  const address = fc.nat(image.bytes.length).map((at) => image.address + BigInt(at));
  const wrong = fc.record({
    numSyms: address,
    names: address,
    tokenTable: fc.oneof(address, fc.constant(tables.tokenTable)),
    tokenIndex: fc.oneof(address, fc.constant(tables.tokenIndex)),
    offsets: address,
    markers: address,
    seqsOfNames: address,
    relativeBase: address,
  });
  fc.assert(
    fc.property(wrong, (changed) => exercise(image.bytes, image.address, { ...tables, ...changed })),
    { numRuns: 300 },
  );
});

test('random bytes around the digits that the search is after', () => {
  const digits = Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00', 'latin1');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.uint8Array({ maxLength: 4000 }), (before, after) => {
      findKallsyms({ bytes: Buffer.concat([before, digits, after, digits]), address: TEXT });
    }),
  );
});
