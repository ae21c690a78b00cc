import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../../../src/core/errors.ts';
import { Btf } from '../../../src/formats/btf/btf.ts';
import { btfBytes } from '../../builders/btf.ts';

const GOOD = btfBytes(`
int u64 8
int s32 4 signed
struct list_head 16
  next 4 0
  prev 4 64
ptr 3
struct page 64
  flags 1 0
  - 6 64
  _refcount 2 416
union - 40
  lru 3 0
  - 7 0
struct - 40 flag
  order 2 0:8
  mapping 4 128:0
enum pageflags 4
  PG_locked 0
  PG_head 6
array 2 9
typedef page_t 10
const 5
enum64 big 8
  HUGE 0x8000000000000000
`);

/** Asks everything there is to ask. */
function exercise(bytes: Uint8Array): void {
  const types = Btf.parse(bytes, 'fuzz');
  for (const name of ['page', 'list_head', 'page_t', 'pageflags', '']) {
    types.structSize(name);
    types.enumerators(name);
    for (const path of ['flags', 'lru.next', 'order', 'mapping', '_refcount', 'x.y']) types.place(name, path);
  }
  types.enumerator('PG_head');
  for (let id = 0; id < Math.min(types.typeCount + 1, 100); id++) {
    types.sizeOf(id);
    types.kindOf(id);
    types.nameOf(id);
    types.arrayLength(id);
    types.members(id);
  }
}

function onlyFormatErrors(bytes: Uint8Array): void {
  try {
    exercise(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
  }
}

test('flipped bits and changed words give a result or a FormatError', () => {
  const changes = fc.array(
    fc.record({ at: fc.nat(GOOD.length - 1), value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 255)) }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(changes, (list) => {
      const bytes = GOOD.slice();
      for (const { at, value } of list) bytes[at] = value;
      onlyFormatErrors(bytes);
    }),
    { numRuns: 3000 },
  );
});

test('random types behind a good header give a result or a FormatError', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffffffff), { maxLength: 200 }), fc.boolean(), (words, bigEndian) => {
      const bytes = new Uint8Array(24 + words.length * 4 + 8);
      const view = new DataView(bytes.buffer);
      view.setUint16(0, 0xeb9f, !bigEndian);
      view.setUint8(2, 1);
      for (const [i, word] of [24, 0, words.length * 4, words.length * 4, 8].entries()) {
        view.setUint32(4 + i * 4, word, !bigEndian);
      }
      for (const [i, word] of words.entries()) {
        // mostly kinds that exist, with few elements, so that a walk gets far
        const likely = i % 3 === 1 ? (word & 0x80000003) | (((word >>> 8) % 20) << 24) : word % 64;
        view.setUint32(24 + i * 4, likely >>> 0, !bigEndian);
      }
      bytes.set(Buffer.from('\0page\0x\0'), bytes.length - 8);
      onlyFormatErrors(bytes);
    }),
    { numRuns: 2000 },
  );
});

test('random bytes give a FormatError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      onlyFormatErrors(bytes);
      onlyFormatErrors(Buffer.concat([Buffer.from([0x9f, 0xeb, 1, 0]), bytes]));
    }),
  );
});

test('a file that gives one name to all its types is still answered at once', () => {
  const types = Btf.parse(btfBytes('struct page 64\n'.repeat(60000)), 'test');
  const start = performance.now();
  expect(types.structSize('page')).toBe(64);
  expect(performance.now() - start).toBeLessThan(2000);
});

test('a long name that all types share the tails of costs no more than any other', () => {
  const bytes = btfBytes(`struct ${'x'.repeat(200000)} 8\n${'struct - 8\n'.repeat(20000)}`);
  const view = new DataView(bytes.buffer);
  for (let i = 1; i <= 20000; i++) view.setUint32(24 + i * 12, i, true);
  const start = performance.now();
  const types = Btf.parse(bytes, 'test');
  expect(types.struct('x')).toBeUndefined();
  for (let id = 1; id <= 20000; id++) types.nameOf(id);
  expect(performance.now() - start).toBeLessThan(2000);
});
