import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as abi from '../../src/loops/abi.ts';
import { Loops } from '../../src/loops/loops.ts';
import { placesOf, sizeOf } from '../../src/loops/records.ts';

type Compare = (wasm: Uint8Array, abi: unknown) => string[];
const scripts = new URL('../../scripts/wasm-signatures.mjs', import.meta.url).href;
const { differences } = (await import(scripts)) as { differences: Compare };
const wasm = readFileSync(new URL('../../dist/loops/loops.wasm', import.meta.url));

test('the compiled loops are those of abi.ts', () => {
  expect(differences(wasm, abi)).toEqual([]);
});

test('a function with other parameters, one too many and one too few are found', () => {
  const { gather } = abi.FUNCTIONS;
  const changed = { ...gather, ramp: [['address to', 'i32 count', 'f64 first', 'u64 step'], 'void'] };
  const { folio, ...rest } = abi.FUNCTIONS;
  const FUNCTIONS = { ...rest, gather: changed, more: { nothing: [[], 'i32'] } };
  const HOST = { ...abi.HOST, readHead: [['u64 pfn'], 'i32'] };
  expect(differences(wasm, { ...abi, FUNCTIONS, HOST }).sort()).toEqual([
    'exports folios: abi.ts has nothing, the module (f64, i32)',
    'exports nothing: abi.ts has () -> i32, the module nothing',
    'exports ramp: abi.ts has (i32, i32, f64, i64), the module (i32, i32, i64, i64)',
    'exports summarizeAll: abi.ts has nothing, the module (f64, i32)',
    'imports host.readHead: abi.ts has (i64) -> i32, the module (f64) -> i32',
  ]);
});

test('fields are aligned by their size', () => {
  const fields = { a: 'u8', b: 'u64', c: 'u16', d: 'i32', e: 'u8' } as const;
  expect([...placesOf(fields)].map(([name, { offset }]) => [name, offset])).toEqual([
    ['a', 0],
    ['b', 8],
    ['c', 16],
    ['d', 20],
    ['e', 24],
  ]);
  expect(sizeOf(fields)).toBe(32);
});

test('a record is read as it was written, and fields that are not given stay', () => {
  const fields = { a: 'i32', b: 'u64', c: 'u8', d: 'f64', e: 'address', f: 'i64', g: 'u16' } as const;
  const loops = new Loops({ readHead: () => 0, pfnOf: () => 0, slabCache: () => 0 });
  const values = { a: -5, b: 2n ** 64n - 1n, c: 255, d: 0.5, e: 0xfffffff0, f: -7n, g: 65535 };
  const at = loops.place(fields, [values, { ...values, a: 4 }]);
  const all = (): unknown => {
    const names = Object.keys(fields) as (keyof typeof fields)[];
    return Object.fromEntries(names.map((name) => [name, loops.read(at, fields, name)]));
  };
  expect(all()).toEqual(values);
  loops.write(at, fields, { c: 3 });
  expect(all()).toEqual({ ...values, c: 3 });
  expect(loops.read(at + sizeOf(fields), fields, 'a')).toBe(4);
});

test('facts are a word, and masks fit where they are put', () => {
  expect(sizeOf(abi.RECORDS.Facts)).toBe(8);
  expect(abi.CONSTANTS.Slots.zone).toBe(abi.CONSTANTS.Order.most + 2);
  expect(abi.CONSTANTS.Masks.bytes).toBe(2 * 5 * abi.CONSTANTS.Masks.reach);
});
