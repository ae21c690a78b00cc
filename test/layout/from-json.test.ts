import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { Btf } from '../../src/formats/btf/btf.ts';
import { extractLayout } from '../../src/layout/extract.ts';
import { factsFromBtf } from '../../src/layout/from-btf.ts';
import { factsFromJson, parseLayout } from '../../src/layout/from-json.ts';
import { formatLayout } from '../../src/layout/layout-file.ts';
import { memberOf } from '../../src/layout/wanted.ts';
import { btfBytes } from '../builders/btf.ts';

const TYPES = Btf.parse(
  btfBytes(`
int u64 8
int u32 4
struct memdesc_flags_t 8
  f 1 0
array 2 3
struct page 64 flag
  flags 3 0
  unknown_thing 2 64
  inuse 2 320:16
  _mapcount 2 384
struct free_area 24
  free_list 4 0
enum pageflags 4
  PG_locked 0
  __NR_PAGEFLAGS 25
enum zone_type 4
  ZONE_DMA 0
enum64 pagetype 8 flag
  PGTY_huge 0x7fffffffffffffff
  PGTY_less -1
enum not_wanted 4
  X 1
`),
  'test',
);

const FILE = extractLayout(TYPES, {
  arch: 'x86_64',
  madeBy: 'structpage layout extract 0.1.0',
  release: '6.18.1',
  buildId: '0123456789abcdef0123456789abcdef01234567',
  package: 'linux-image-test',
  version: '6.18.1-1',
  madeFrom: 'BTF of a test',
});
const TEXT = formatLayout(FILE);

test('only what is wanted is extracted', () => {
  expect(FILE.structs).toEqual({
    page: {
      size: 64,
      members: {
        'flags.f': { offset: 0, size: 8 },
        flags: { offset: 0, size: 8 },
        _mapcount: { offset: 48, size: 4 },
        inuse: { offset: 40, size: 4, bits: [0, 16] },
      },
    },
    free_area: { size: 24, members: { free_list: { offset: 0, size: 12, length: 3 } } },
  });
  expect(FILE.enums).toEqual({
    pageflags: { PG_locked: 0, __NR_PAGEFLAGS: 25 },
    pagetype: { PGTY_huge: '9223372036854775807', PGTY_less: -1 },
    zone_type: { ZONE_DMA: 0 },
  });
});

test('the text is stable, short, and read back as it was', () => {
  expect(parseLayout(TEXT, 'test')).toEqual(FILE);
  expect(TEXT).toMatchInlineSnapshot(`
    "{
      "$schema": "../schema.json",
      "format": 1,
      "arch": "x86_64",
      "kernels": [
        { "release": "6.18.1", "buildId": "0123456789abcdef0123456789abcdef01234567", "package": "linux-image-test", "version": "6.18.1-1", "madeFrom": "BTF of a test" }
      ],
      "madeBy": "structpage layout extract 0.1.0",
      "structs": {
        "page": {
          "size": 64,
          "members": {
            "flags.f": { "offset": 0, "size": 8 },
            "flags": { "offset": 0, "size": 8 },
            "_mapcount": { "offset": 48, "size": 4 },
            "inuse": { "offset": 40, "size": 4, "bits": [ 0, 16 ] }
          }
        },
        "free_area": {
          "size": 24,
          "members": {
            "free_list": { "offset": 0, "size": 12, "length": 3 }
          }
        }
      },
      "enums": {
        "pageflags": {
          "PG_locked": 0,
          "__NR_PAGEFLAGS": 25
        },
        "pagetype": {
          "PGTY_huge": "9223372036854775807",
          "PGTY_less": -1
        },
        "zone_type": {
          "ZONE_DMA": 0
        }
      }
    }
    "
  `);
});

test('the facts are the same as from BTF', () => {
  const [json, btf] = [
    factsFromJson(parseLayout(TEXT, 'test'), 'test', 'layout-named'),
    factsFromBtf(TYPES, 'test', 'btf-file'),
  ];
  for (const path of ['flags', 'flags.f', '_mapcount', 'inuse', 'lru', 'toString', '__proto__']) {
    expect(json.place('page', path), path).toEqual(btf.place('page', path));
  }
  for (const name of ['page', 'free_area', 'zone', 'constructor', '__proto__']) {
    expect(json.structSize(name), name).toBe(btf.structSize(name));
  }
  for (const name of ['pageflags', 'pagetype', 'migratetype', 'valueOf']) {
    expect(json.enumerators(name), name).toEqual(btf.enumerators(name));
  }
  expect(json.place('free_area', 'free_list')).toEqual(btf.place('free_area', 'free_list'));
});

test('a member is found by any of its names', () => {
  const types = factsFromBtf(TYPES, 'test', 'btf-file');
  expect(memberOf(types, 'page', 'flags')).toEqual({ path: 'flags.f', offset: 0, size: 8 });
  expect(memberOf(types, 'page', 'page_type')).toEqual({ path: '_mapcount', offset: 48, size: 4 });
  expect(memberOf(types, 'page', 'mapping')).toBeUndefined();
  expect(memberOf(types, 'page', 'unknown_thing')).toBeUndefined();
  expect(memberOf(types, 'no_struct', 'x')).toBeUndefined();
});

describe('a file that is not right says where', () => {
  const change = (edit: (file: Record<string, never>) => void): (() => unknown) => {
    const file = JSON.parse(TEXT);
    edit(file);
    return () => parseLayout(JSON.stringify(file), 'bad.json');
  };
  // biome-ignore lint/suspicious/noExplicitAny: these edits break the type on purpose
  type Edit = (file: any) => void;
  test.each<[string, Edit]>([
    ['expected format 1 of a layout file, found format 2', (f) => (f.format = 2)],
    ['a whole number that is not negative as format, found nothing', (f) => delete f.format],
    ['expected an object as structs, found []', (f) => (f.structs = [])],
    ['expected an object as structs.page, found null', (f) => (f.structs.page = null)],
    ['as structs.page.size, found "64"', (f) => (f.structs.page.size = '64')],
    [
      'as structs.page.members.flags.f.offset, found -1',
      (f) => (f.structs.page.members['flags.f'].offset = -1),
    ],
    ['as structs.page.members.inuse.bits, found [1]', (f) => (f.structs.page.members.inuse.bits = [1])],
    [
      'as structs.free_area.members.free_list.length, found 1.5',
      (f) => (f.structs.free_area.members.free_list.length = 1.5),
    ],
    ['as enums.pageflags.PG_locked, found "x"', (f) => (f.enums.pageflags.PG_locked = 'x')],
    ['as kernels.0.buildId, found "zz"', (f) => (f.kernels[0].buildId = 'zz')],
    ['expected a list as kernels, found {}', (f) => (f.kernels = {})],
  ])('%s', (message, edit) => {
    expect(change(edit)).toThrow(FormatError);
    expect(change(edit)).toThrow(message);
  });

  test('text that is no JSON', () => {
    expect(() => parseLayout('{', 'bad.json')).toThrow(/bad\.json: expected JSON, found/);
  });
});

test('any JSON gives a layout or a FormatError', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        parseLayout(text, 'fuzz');
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
  );
  const keys = fc.constantFrom('format', 'arch', 'kernels', 'madeBy', 'structs', 'enums');
  fc.assert(
    fc.property(keys, fc.jsonValue(), (key, value) => {
      try {
        const text = JSON.stringify({ ...FILE, [key]: value });
        factsFromJson(parseLayout(text, 'fuzz'), 'fuzz', 'layout-named').place('page', 'flags');
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
  );
});
