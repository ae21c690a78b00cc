import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/core/errors.ts';
import { Btf } from '../../../src/formats/btf/btf.ts';
import { parseBtfHeader } from '../../../src/formats/btf/header.ts';
import { type BtfOptions, btfBytes } from '../../builders/btf.ts';

function btf(text: string, options?: BtfOptions): Btf {
  return Btf.parse(btfBytes(text, options), 'test');
}

/** One of every kind, as ids 1 … 21. */
const EVERY_KIND = `
int u64 8
int s32 4 signed
ptr 4
struct page 24
  flags 13 0
  - 5 64
  _refcount 2 128
union - 8
  - 6 0
  mapping 3 0
struct - 8
  lru 18 0
  order 2 32
array 2 7
enum color 4 flag
  RED -1
  GREEN 1
enum64 big 8
  HUGE 0x8000000000000000
  ONE 1
fwd folio
volatile 1
const 11
struct memdesc_flags_t 8
  f 12 0
restrict 3
func_proto 2
  a 1
  b 3
func do_it 15
var v 1
type_tag user 2
datasec .data 8
  17 0 8
float double 8
decl_tag note 4
typedef page_t 4
`;

describe('every kind', () => {
  for (const bigEndian of [false, true]) {
    const types = btf(EVERY_KIND, { bigEndian });

    test(`sizes, ${bigEndian ? 'big' : 'little'} endian`, () => {
      expect(types.typeCount).toBe(23);
      const sizes = Array.from({ length: 23 }, (_, id) => [types.kindOf(id), types.sizeOf(id)]);
      expect(sizes).toEqual([
        ['void', 0],
        ['int', 8],
        ['int', 4],
        ['ptr', 8],
        ['struct', 24],
        ['union', 8],
        ['struct', 8],
        ['array', 28],
        ['enum', 4],
        ['enum64', 8],
        ['fwd', 0],
        ['volatile', 8],
        ['const', 8],
        ['struct', 8],
        ['restrict', 8],
        ['func_proto', 0],
        ['func', 0],
        ['var', 8],
        ['type_tag', 4],
        ['datasec', 8],
        ['float', 8],
        ['decl_tag', 0],
        ['typedef', 24],
      ]);
      expect(types.kindOf(23)).toBe('unknown');
      expect(types.sizeOf(23)).toBe(0);
    });

    test(`enums, ${bigEndian ? 'big' : 'little'} endian`, () => {
      expect([...types.enumerators('color')!]).toEqual([
        ['RED', -1n],
        ['GREEN', 1n],
      ]);
      expect(types.enumerator('HUGE')).toBe(1n << 63n);
      expect(types.enumerator('GREEN')).toBe(1n);
      expect(types.enumerator('BLUE')).toBeUndefined();
      expect(types.enumerators('page')).toBeUndefined();
    });

    test(`places, ${bigEndian ? 'big' : 'little'} endian`, () => {
      expect(types.place('page', 'flags.f')).toEqual({ offset: 0, size: 8, typeId: 12 });
      expect(types.place('page', 'flags')).toEqual({ offset: 0, size: 8, typeId: 13 });
      expect(types.place('page', 'order')).toEqual({ offset: 12, size: 4, typeId: 2 });
      expect(types.place('page', '_refcount')?.offset).toBe(16);
      expect(types.place('page_t', 'mapping')).toEqual({ offset: 8, size: 8, typeId: 3 });
      for (const path of ['', 'flag', 'flags.g', 'flags.f.x', '.flags', 'mapping.flags', '-']) {
        expect(types.place('page', path)).toBeUndefined();
      }
      expect(types.place('folio', 'flags')).toBeUndefined();
    });
  }
});

test('members of what an alias leads to', () => {
  const types = btf(EVERY_KIND);
  expect(types.members(22).map((m) => m.name)).toEqual(['flags', '', '_refcount']);
  expect(types.members(2)).toEqual([]);
  expect(types.members(99)).toEqual([]);
  expect(types.arrayLength(7)).toBe(7);
  expect(types.arrayLength(1)).toBeUndefined();
});

test('the largest of several structs of a name, and never a forward declaration', () => {
  const types = btf(`
fwd page
struct page 8
struct page 64
struct page 16
typedef page 2
typedef alias 3
`);
  expect(types.struct('page')).toBe(3);
  expect(types.structSize('alias')).toBe(64);
  expect(types.struct('')).toBeUndefined();
  expect(types.struct('pag')).toBeUndefined();
});

describe('bit fields', () => {
  const TEXT = `
int u32 4
struct slab 8 flag
  inuse 1 32:16
  objects 1 48:15
  frozen 1 63:1
`;
  test('little endian: counted from the lowest bit', () => {
    expect(btf(TEXT).place('slab', 'objects')).toEqual({
      offset: 4,
      size: 4,
      typeId: 1,
      bits: { shift: 16, width: 15 },
    });
  });

  test('big endian: counted from the highest bit', () => {
    expect(btf(TEXT, { bigEndian: true }).place('slab', 'inuse')?.bits).toEqual({ shift: 16, width: 16 });
    expect(btf(TEXT, { bigEndian: true }).place('slab', 'frozen')?.bits).toEqual({ shift: 0, width: 1 });
  });

  test('without kind_flag the int tells', () => {
    const types = btf('int u32 4 bits=3 at=1\nstruct s 4\n  a 1 8');
    expect(types.place('s', 'a')).toEqual({ offset: 0, size: 4, typeId: 1, bits: { shift: 9, width: 3 } });
  });

  test('one that crosses the word of its type, as in packed structs', () => {
    const types = btf('int u32 4\nstruct s 8 flag\n  a 1 30:5');
    expect(types.place('s', 'a')).toEqual({ offset: 3, size: 2, typeId: 1, bits: { shift: 6, width: 5 } });
  });
});

test('before producers knew of signed enums, constants are signed', () => {
  expect(btf('enum e 4\n  A 0xffffffff').enumerator('A')).toBe(-1n);
  expect(btf('enum e 4\n  A 0xffffffff\nenum f 4 flag\n  B 1').enumerator('A')).toBe(0xffffffffn);
});

describe('what newer kernels may add', () => {
  test('a longer header', () => {
    expect(btf('struct page 64', { headerLength: 40 }).structSize('page')).toBe(64);
  });

  test('an unknown kind of known length', () => {
    const types = btf('kind 42 new 7 words=1,2,3 vlen=2\nstruct page 64', { layout: { 42: [4, 4] } });
    expect(types.structSize('page')).toBe(64);
    expect(types.kindOf(1)).toBe('kind 42');
    expect(types.sizeOf(1)).toBe(0);
  });

  test('an unknown kind of unknown length', () => {
    expect(() => btf('kind 42 new 7\nstruct page 64').struct('page')).toThrow(/kind 42 in type 1/);
    expect(() => btf('kind 0 - 7').typeCount).toThrow(FormatError);
  });

  test('more than 65535 elements', () => {
    const constants = Array.from({ length: 70000 }, (_, i) => `  C${i} ${i}`).join('\n');
    expect(btf(`enum many 4\n${constants}\nstruct page 64`).structSize('page')).toBe(64);
  });
});

describe('damage', () => {
  const good = btfBytes(EVERY_KIND);

  test('every truncation', () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => Btf.parse(good.subarray(0, length), 'test')).toThrow(FormatError);
    }
  });

  test('bytes behind it do not matter', () => {
    const longer = new Uint8Array(good.length + 100).fill(0xff);
    longer.set(good);
    expect(Btf.parse(longer, 'test').byteLength).toBe(good.length);
    expect(parseBtfHeader(longer, 'test').end).toBe(good.length);
  });

  test('an odd address in memory', () => {
    const moved = new Uint8Array(good.length + 1);
    moved.set(good, 1);
    expect(Btf.parse(moved.subarray(1), 'test').structSize('page')).toBe(24);
  });

  test('types that end within a type', () => {
    const bytes = good.slice();
    const view = new DataView(bytes.buffer);
    view.setUint32(12, view.getUint32(12, true) - 4, true);
    expect(() => Btf.parse(bytes, 'test').typeCount).toThrow(/type 22|within/);
  });

  test('loops end', () => {
    const types = btf(`
typedef a 2
typedef b 1
array 3 4294967295
struct s 8
  - 4 0
  x 1 0
const 5
array 7 4294967295
array 8 4294967295
int u8 4294967295
`);
    expect(types.sizeOf(1)).toBe(0);
    expect(types.sizeOf(3)).toBe(0);
    expect(types.sizeOf(6)).toBe(0);
    expect(types.place('s', 'x')?.size).toBe(0);
    expect(types.place('s', 'y')).toBeUndefined();
    expect(types.struct('a')).toBeUndefined();
    expect(types.arrayLength(5)).toBeUndefined();
  });

  test('anonymous structs that multiply are walked once', () => {
    const levels = Array.from({ length: 60 }, (_, i) => `struct - 8\n${`  - ${i + 2} 0\n`.repeat(8)}`).join(
      '',
    );
    const types = btf(`${levels}struct - 8\n  end 0 0\nstruct top 8\n  - 1 0`);
    expect(types.place('top', 'missing')).toBeUndefined();
    expect(types.place('top', 'end')?.offset).toBe(0);
  });
});
