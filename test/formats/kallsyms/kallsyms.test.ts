import { describe, expect, test } from 'vitest';
import { FaultError, FormatError, StructPageError } from '../../../src/core/errors.ts';
import { findKallsyms } from '../../../src/formats/kallsyms/find-tables.ts';
import { Kallsyms, type KallsymsTables } from '../../../src/formats/kallsyms/kallsyms.ts';
import {
  buildKallsyms,
  type KallsymsOptions,
  type KernelSymbol,
  parseSymbols,
  readFrom,
} from '../../builders/kallsyms.ts';

const TEXT = 0xffffffff81000000n;
const FEW = parseSymbols(`
ffffffff81000000 T _text
ffffffff81000000 T _stext
ffffffff81000040 t do_one_initcall
ffffffff81000100 T __x64_sys_read
ffffffff81000200 t helper
ffffffff81000300 t helper
ffffffff82000000 D init_task
ffffffff82002000 b zero_page
ffffffff83000000 B _end
`);
const PER_CPU = parseSymbols(`
0 A fixed_percpu_data
1f000 A cpu_info
`);

/** Enough symbols for many groups of 256, with some names that take two bytes of length. */
function many(count: number): KernelSymbol[] {
  return [
    ...FEW.slice(0, 2),
    ...Array.from({ length: count }, (_, i) => ({
      address: TEXT + 0x1000n + BigInt(i * 16),
      type: i % 3 === 0 ? 'T' : 't',
      name: i % 97 === 5 ? `long_${'xyzw9'.repeat(40)}_${i}` : `symbol_${(i * 7919) % count}_of_page`,
    })),
    ...FEW.slice(-1),
  ];
}

const MANY = many(6000);

/** What VMCOREINFO tells of the tables. */
function named(tables: KallsymsTables): KallsymsTables {
  const { numSyms, names, tokenTable, tokenIndex, offsets, relativeBase } = tables;
  return {
    numSyms,
    names,
    tokenTable,
    tokenIndex,
    offsets,
    ...(relativeBase === undefined ? {} : { relativeBase }),
  };
}

const LAYOUTS: (KallsymsOptions & { kernels: string })[] = [
  { kernels: '5.10', order: '5.10', encoding: 'per-cpu' },
  { kernels: '6.1', order: '5.10', encoding: 'relative' },
  { kernels: '6.2, and 6.1 as backported', order: '6.2', encoding: 'per-cpu' },
  { kernels: '6.12', order: '6.4', encoding: 'per-cpu' },
  { kernels: '6.18', order: '6.4', encoding: 'relative' },
  { kernels: '7.0', order: '7.0', encoding: 'in place', alignment: 4 },
  { kernels: 'big endian', order: '6.4', encoding: 'relative', bigEndian: true },
  { kernels: 'big endian, 7.0', order: '7.0', encoding: 'in place', bigEndian: true, alignment: 4 },
];

describe.each(LAYOUTS)('the layout of $kernels', (options) => {
  const symbols = options.encoding === 'per-cpu' ? [...PER_CPU, ...MANY] : MANY;
  const built = buildKallsyms(symbols, options);

  test('the tables that VMCOREINFO names are enough', () => {
    const kallsyms = Kallsyms.open(built.read, named(built.tables), { text: TEXT });
    expect(kallsyms.count).toBe(symbols.length);
    expect([...kallsyms.entries()]).toEqual(symbols);
  });

  test('a table that is said to be elsewhere, or to be of another length, is refused', () => {
    const { numSyms, ...others } = named(built.tables);
    for (const [name, address] of Object.entries({ numSyms, ...others })) {
      for (const wrong of [address + 1n, address ^ 4n, address + 8n, address - 256n]) {
        const tables = { numSyms, ...others, [name]: wrong };
        expect(() => Kallsyms.open(built.read, tables, { text: TEXT }), name).toThrow(StructPageError);
      }
    }
  });

  test('every symbol is found by its name', () => {
    const kallsyms = Kallsyms.open(built.read, named(built.tables), { text: TEXT });
    for (const symbol of symbols.filter((_, i) => i % 31 === 0)) {
      const first = symbols.find((s) => s.name === symbol.name)!;
      expect(kallsyms.address(symbol.name)).toBe(first.address);
    }
    for (const name of ['', 'symbol_1_of_pag', 'symbol_1_of_pages', 'zzz', '!']) {
      expect(kallsyms.address(name)).toBeUndefined();
    }
  });

  test('a search of the image finds the same tables', () => {
    expect(findKallsyms(built.image)).toEqual(built.tables);
  });

  test('the image may be at any place, and be cut anywhere', () => {
    const shifted = new Uint8Array(built.image.bytes.length + 3);
    shifted.set(built.image.bytes, 3);
    expect(findKallsyms({ bytes: shifted, address: built.image.address - 3n })).toEqual(built.tables);
    for (let length = 0; length < built.image.bytes.length; length += 9973) {
      expect(() => findKallsyms({ bytes: built.image.bytes.subarray(0, length), address: 0n })).not.toThrow();
    }
  });
});

test('64-bit addresses, without relative ones', () => {
  const built = buildKallsyms(FEW, { order: '5.10', encoding: 'absolute' });
  const kallsyms = Kallsyms.open(built.read, named(built.tables), { text: TEXT });
  expect(kallsyms.encoding).toBe('absolute');
  expect([...kallsyms.entries()]).toEqual(FEW);
});

describe('few symbols', () => {
  const built = buildKallsyms(FEW, { order: '6.4', encoding: 'relative' });
  const kallsyms = Kallsyms.open(built.read, built.tables, { text: TEXT });

  test('several names at once', () => {
    expect([...kallsyms.addresses(['init_task', 'nothing', 'helper'])]).toEqual([
      ['init_task', 0xffffffff82000000n],
      ['helper', 0xffffffff81000200n],
    ]);
  });

  test('the symbol before an address', () => {
    expect(kallsyms.nearest(0xffffffff81000057n)).toEqual({ name: 'do_one_initcall', offset: 0x17n });
    expect(kallsyms.nearest(TEXT + 1n)).toEqual({ name: '_text', offset: 1n });
    expect(kallsyms.nearest(0xffffffff83000000n)).toEqual({ name: '_end', offset: 0n });
    expect(kallsyms.nearest(0xffffffff83000001n)).toBeUndefined();
    expect(kallsyms.nearest(TEXT - 1n)).toBeUndefined();
  });

  test('they are found in the image, too', () => {
    const found = findKallsyms(built.image);
    expect([...Kallsyms.open(built.read, found!, { text: TEXT }).entries()]).toEqual(FEW);
  });
});

test('only what a look-up needs is read', () => {
  const built = buildKallsyms(many(40000), { order: '7.0', encoding: 'in place' });
  let bytes = 0;
  const kallsyms = Kallsyms.open(
    (address, length) => {
      bytes += length;
      return built.read(address, length);
    },
    named(built.tables),
    { text: TEXT },
  );
  expect(kallsyms.address('_end')).toBe(0xffffffff83000000n);
  expect(bytes).toBeLessThan(built.image.bytes.length / 2);
});

describe('what cannot be right', () => {
  const built = buildKallsyms(MANY, { order: '6.4', encoding: 'relative' });

  test('no encoding gives _stext its address', () => {
    expect(() => Kallsyms.open(built.read, built.tables, { text: 0xffffffff81234000n })).toThrow(
      /expected an encoding that gives _stext the address 0xffffffff81234000/,
    );
  });

  test('tables that are not there', () => {
    expect(() => Kallsyms.open(built.read, { ...built.tables, tokenTable: 0n }, { text: TEXT })).toThrow(
      FaultError,
    );
    expect(() =>
      Kallsyms.open(built.read, { ...built.tables, tokenIndex: built.tables.names }, { text: TEXT }),
    ).toThrow(/tables that do not agree/);
  });

  test('a number of symbols that is not one', () => {
    const bytes = built.image.bytes.slice();
    const at = Number(built.tables.numSyms - built.image.address);
    bytes.fill(0xff, at, at + 4);
    const read = readFrom(bytes, built.image.address);
    expect(() => Kallsyms.open(read, named(built.tables), { text: TEXT })).toThrow(FormatError);
  });

  test('wrong hints about markers and order are not believed', () => {
    const tables = { ...built.tables, markers: built.tables.names, seqsOfNames: built.tables.names };
    const kallsyms = Kallsyms.open(built.read, tables, { text: TEXT });
    expect([...kallsyms.entries()]).toEqual(MANY);
  });
});
