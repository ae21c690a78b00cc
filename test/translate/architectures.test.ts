import { describe, expect, test } from 'vitest';
import type { Architecture } from '../../src/arch/architecture.ts';
import { arm64 } from '../../src/arch/arm64.ts';
import { armhf } from '../../src/arch/armhf.ts';
import { i386 } from '../../src/arch/i386.ts';
import { ppc64le } from '../../src/arch/ppc64le.ts';
import { ARCHITECTURES } from '../../src/arch/registry.ts';
import { riscv64 } from '../../src/arch/riscv64.ts';
import { s390x } from '../../src/arch/s390x.ts';
import { bytesSource } from '../../src/core/bytes.ts';
import { FaultError } from '../../src/core/errors.ts';
import { piecesMemory } from '../../src/sources/pieces.ts';
import { PageWalker } from '../../src/translate/page-walk.ts';
import { tablesOf } from '../builders/page-tables.ts';

const K = 1024;
const M = K * K;
const G = K * M;

/** Mappings, and addresses with where they lead: physical and the size of the page, or the level that maps nothing. */
const CASES: readonly {
  readonly architecture: Architecture;
  readonly mode: string;
  readonly maps: string;
  readonly reach: readonly (readonly [address: bigint, physical: number, pageSize: number])[];
  readonly faults: readonly (readonly [address: bigint, level: string | undefined])[];
}[] = [
  {
    architecture: arm64,
    mode: '4K 48-bit',
    maps: `
      0xffff800080010000 -> 0x40210000 4K
      0xffff000000200000 -> 0x40200000 2M
      0xffff000040000000 -> 0x80000000 1G`,
    reach: [
      [0xffff800080010123n, 0x40210123, 4 * K],
      [0xffff0000002abcden, 0x402abcde, 2 * M],
      [0xffff000055555555n, 0x95555555, G],
      // the top byte may be a tag of KASAN
      [0xf2ff800080010123n, 0x40210123, 4 * K],
    ],
    faults: [
      [0xffff800080011000n, 'pte'],
      [0xffff000000400000n, 'pmd'],
      [0xffff123400000000n, 'pgd'],
      [0x0000800080010000n, undefined],
    ],
  },
  {
    architecture: arm64,
    mode: '4K LPA2 52-bit',
    maps: `
      0xfff0000000000000 -> 0x4000000000000 4K
      0xffff800080010000 -> 0xc000040210000 4K
      0xfff8000000000000 -> 0x8000000000 512G`,
    reach: [
      // bits 50 and 51 of the address are in bits 8 and 9 of the entry
      [0xfff0000000000fffn, 0x4000000000fff, 4 * K],
      [0xffff800080010001n, 0xc000040210001, 4 * K],
      [0xfff8000123456789n, 0x8123456789, 512 * G],
    ],
    faults: [[0xfff1000000000000n, 'pgd']],
  },
  {
    architecture: arm64,
    mode: '16K 47-bit',
    maps: '0xffff800080010000 -> 0x40210000 16K\n0xffff800002000000 -> 0x4000000 32M',
    reach: [
      [0xffff800080013fffn, 0x40213fff, 16 * K],
      [0xffff800003234567n, 0x5234567, 32 * M],
    ],
    faults: [[0xffff800080014000n, 'pte']],
  },
  {
    architecture: arm64,
    mode: '64K 52-bit',
    maps: '0xfff0000000010000 -> 0xf000000020000 64K\n0xffff800020000000 -> 0x20000000 512M',
    reach: [
      // with 64 KiB pages the top four bits of the address are in bits 12 to 15
      [0xfff000000001abcdn, 0xf00000002abcd, 64 * K],
      [0xffff80003fffffffn, 0x3fffffff, 512 * M],
    ],
    faults: [[0xffff800040000000n, 'pmd']],
  },
  {
    architecture: riscv64,
    mode: 'Sv39',
    maps: `
      0xffffffff80001000 -> 0x80201000 4K
      0xffffffd600200000 -> 0x80200000 2M
      0xffffffd640000000 -> 0xc0000000 1G
      0xffffffc400010000 -> 0x90010000 64K`,
    reach: [
      [0xffffffff80001abcn, 0x80201abc, 4 * K],
      [0xffffffd600234567n, 0x80234567, 2 * M],
      [0xffffffd641234567n, 0xc1234567, G],
      // Svnapot: 16 entries with the same frame, whose low bits say so
      [0xffffffc40001fedcn, 0x9001fedc, 64 * K],
      [0xffffffc400015000n, 0x90015000, 64 * K],
    ],
    faults: [
      [0xffffffff80002000n, 'pte'],
      [0xffffffc500000000n, 'pgd'],
      [0xffff000000000000n, undefined],
    ],
  },
  {
    architecture: riscv64,
    mode: 'Sv57',
    maps: '0xff1bfffffe000000 -> 0x9ee00000 2M\n0xffffffff80000000 -> 0x80200000 4K',
    reach: [[0xff1bfffffe012345n, 0x9ee12345, 2 * M]],
    faults: [[0xff1b000000000000n, 'p4d']],
  },
  {
    architecture: s390x,
    mode: '3-level',
    maps: '0x3fffe8f8000 -> 0x9f8000 4K\n0x100000 -> 0x100000 1M\n0x80000000 -> 0x80000000 2G',
    reach: [
      [0x3fffe8f8123n, 0x9f8123, 4 * K],
      [0x1fffffn, 0x1fffff, M],
      [0x80000001n, 0x80000001, 2 * G],
      [0xffffffffn, 0xffffffff, 2 * G],
    ],
    faults: [
      [0x3fffe8f9000n, 'page'],
      [0x200000n, 'segment'],
      [0x100000000n, 'region3'],
      [0x40000000000n, undefined],
    ],
  },
  {
    architecture: s390x,
    mode: '5-level',
    maps: '0x20000000000000 -> 0x5000 4K',
    reach: [[0x20000000000abcn, 0x5abc, 4 * K]],
    faults: [
      [0x40000000000000n, 'region1'],
      [0x20000000001000n, 'page'],
    ],
  },
  {
    architecture: ppc64le,
    mode: 'radix 64K',
    maps: '0xc000000000000000 -> 0x0 2M\n0xc00c000000000000 -> 0x36000000 2M\n0xc008000000010000 -> 0x50000 64K',
    reach: [
      [0xc000000000123456n, 0x123456, 2 * M],
      [0xc00c000000000040n, 0x36000040, 2 * M],
      [0xc00800000001abcdn, 0x5abcd, 64 * K],
    ],
    faults: [
      [0xc008000000020000n, 'pte'],
      [0xd000000000000000n, undefined],
    ],
  },
  {
    architecture: ppc64le,
    mode: 'radix 4K',
    maps: '0xc000000040000000 -> 0x40000000 1G\n0xc008000000001000 -> 0x7000 4K',
    reach: [
      [0xc000000076543210n, 0x76543210, G],
      [0xc008000000001010n, 0x7010, 4 * K],
    ],
    faults: [[0xc000000080000000n, 'pud']],
  },
  {
    architecture: ppc64le,
    mode: 'hash 64K',
    maps: '0xc008000000010000 -> 0x50000 64K\n0xc008000001000000 -> 0x3000000 16M',
    // memory is mapped by a rule, everything else by the kernel's own tables
    reach: [
      [0xc000000012345678n, 0x12345678, 64 * K],
      [0xc00800000001abcdn, 0x5abcd, 64 * K],
      [0xc008000001abcdefn, 0x3abcdef, 16 * M],
    ],
    faults: [[0xc00c000000000000n, 'pgd']],
  },
  {
    architecture: ppc64le,
    mode: 'hash 4K',
    maps: '0xc000100000001000 -> 0x7000 4K',
    reach: [[0xc000100000001010n, 0x7010, 4 * K]],
    faults: [[0xc000100000002000n, 'pte']],
  },
  {
    architecture: i386,
    mode: '2-level',
    maps: `
      0xff800000 -> 0x1234000 4K
      0xc0000000 -> 0x0 4M
      0xd5000000 -> 0x540000000 4M`,
    reach: [
      [0xff800abcn, 0x1234abc, 4 * K],
      [0xc0345678n, 0x345678, 4 * M],
      // PSE-36: bits 13 to 20 are bits 32 to 39 of the address
      [0xd5123456n, 0x540123456, 4 * M],
    ],
    faults: [
      [0xff801000n, 'pte'],
      [0xc0400000n, 'pgd'],
      [0x1c0000000n, undefined],
    ],
  },
  {
    architecture: i386,
    mode: 'PAE',
    maps: '0xd5000000 -> 0x15000000 2M\n0xfffff000 -> 0x123456000 4K\n0x8048000 -> 0x7000 4K',
    reach: [
      [0xd5123456n, 0x15123456, 2 * M],
      [0xffffffffn, 0x123456fff, 4 * K],
      [0x8048123n, 0x7123, 4 * K],
    ],
    faults: [
      [0xd5200000n, 'pmd'],
      [0x40000000n, 'pgd'],
      [0x8049000n, 'pte'],
    ],
  },
  {
    architecture: armhf,
    mode: 'short descriptors',
    maps: `
      0xc0300000 -> 0x40300000 1M
      0xf0000000 -> 0x9f000000 16M
      0xfff00000 -> 0x6ffff000 4K
      0xffe00000 -> 0x12340000 64K`,
    reach: [
      [0xc03abcden, 0x403abcde, M],
      [0xf0fedcban, 0x9ffedcba, 16 * M],
      [0xfff00123n, 0x6ffff123, 4 * K],
      [0xffe0abcdn, 0x1234abcd, 64 * K],
    ],
    faults: [
      [0xc0400000n, 'pgd'],
      [0xfff01000n, 'pte'],
    ],
  },
  {
    architecture: armhf,
    mode: 'LPAE',
    maps: '0xc0400000 -> 0x40400000 2M\n0xffefd000 -> 0x880001000 4K\n0x40000000 -> 0x40000000 1G',
    reach: [
      [0xc0456789n, 0x40456789, 2 * M],
      [0xffefd00fn, 0x88000100f, 4 * K],
      [0x7fffffffn, 0x7fffffff, G],
    ],
    faults: [
      [0xc0600000n, 'pmd'],
      [0xffefe000n, 'pte'],
      [0x0n, 'pgd'],
    ],
  },
];

describe.each(CASES)('$architecture.name, $mode', ({ architecture, mode, maps, reach, faults }) => {
  const { walker } = tablesOf(architecture, mode, maps);

  test.each(reach)('%s', (address, physical, pageSize) => {
    const found = walker.walk(address);
    expect(found.physical).toBe(physical);
    if (found.steps.length > 0) expect(found.pageSize).toBe(pageSize);
    // a run of bytes around it lies as the page does
    const [run] = walker.mappedRuns(address, 1);
    expect(run).toMatchObject({ offset: 0, length: 1, physical });
  });

  test.each(faults)('%s is mapped by nothing', (address, level) => {
    const { physical, reason, steps } = walker.walk(address);
    expect([physical, reason, steps.at(-1)?.level]).toEqual([undefined, 'not-mapped', level]);
    if (level) expect(() => walker.translate(address)).toThrow(`walk ended at ${level}`);
    else expect(() => walker.translate(address)).toThrow(FaultError);
  });
});

/** A walk through entries as they lie in memory, from the manuals and from real dumps, not from the tables of numbers. */
function byHand(
  architecture: Architecture,
  mode: string,
  entries: Readonly<Record<number, bigint>>,
): PageWalker {
  const bytes = new Uint8Array(0x100000);
  const view = new DataView(bytes.buffer);
  const little = architecture !== s390x && architecture !== ppc64le;
  for (const [at, entry] of Object.entries(entries)) view.setBigUint64(Number(at), entry, little);
  return new PageWalker(piecesMemory(bytesSource(bytes), [{ start: 0, end: bytes.length, offset: 0 }]), {
    architecture,
    mode: architecture.pagingModes.find((m) => m.name === mode)!,
    root: 0x10000,
    ignoredBits: 0n,
  });
}

test('entries of an arm64 kernel with 52-bit addresses, as in a dump', () => {
  const walker = byHand(arm64, '4K LPA2 52-bit', {
    [0x10000 + 15 * 8]: 0x1000000000020003n,
    [0x20000 + 347 * 8]: 0x1000000000021003n,
    [0x21000 + 166 * 8]: 0x1000000000022003n,
    [0x22000 + 267 * 8]: 0x1000000000023003n,
    [0x23000 + 16 * 8]: 0x00d0000040210483n,
  });
  expect(walker.walk(0xffffada9a1610000n).physical).toBe(0x40210000);
});

test('entries of an s390x kernel, as in a dump; a region table that is shorter than 2048 entries', () => {
  const walker = byHand(s390x, '3-level', {
    [0x10000 + 2047 * 8]: 0x0000000000020007n,
    [0x20000 + 2024 * 8]: 0x0000000000030800n,
    [0x30800 + 248 * 8]: 0x00000000009f821dn,
    // the second quarter of a segment table alone: offset 1, length 1
    [0x10000 + 1 * 8]: 0x0000000000040045n,
    [0x40000 + 512 * 8]: 0x0000000000000400n | 0x500000n,
  });
  expect(walker.walk(0x3fffe8f8000n).physical).toBe(0x9f8000);
  expect(walker.walk(0x80000000n + 512n * 0x100000n).physical).toBe(0x500000);
  for (const index of [0n, 511n, 1024n, 2047n]) {
    expect(walker.walk(0x80000000n + index * 0x100000n)).toMatchObject({
      reason: 'not-mapped',
      span: 0x100000,
    });
  }
});

test('entries of a ppc64le kernel are big endian, as in a dump', () => {
  const walker = byHand(ppc64le, 'radix 64K', {
    65536: 0x8000000000020009n,
    131072: 0x8000000000021009n,
    135168: 0xc00000000000018dn,
  });
  expect(walker.walk(0xc000000000012345n)).toMatchObject({ physical: 0x12345, pageSize: 0x200000 });
});

test('entries of an i386 kernel with PAE, as in a dump', () => {
  const walker = byHand(i386, 'PAE', {
    [0x10000 + 3 * 8]: 0x0000000000020021n,
    [0x20000 + 168 * 8]: 0x00000000150001e1n,
  });
  expect(walker.walk(0xd5000010n)).toMatchObject({ physical: 0x15000010, pageSize: 0x200000 });
});

test('entries of an armhf kernel, as in a dump', () => {
  const walker = byHand(armhf, 'short descriptors', {
    // entries of 4 bytes, two in each word
    [0x10000 + 3074 * 4]: 0x4031940e00000000n,
    [0x10000 + 3848 * 4]: 0x00020811n,
    // a page, and one that may not be executed
    [0x20000 + 0x800]: 0x7e80045f6fffe67en,
  });
  expect(walker.walk(0xc0301234n)).toMatchObject({ physical: 0x40301234, pageSize: 0x100000 });
  expect(walker.walk(0xf0800001n)).toMatchObject({ physical: 0x6fffe001, pageSize: 0x1000 });
  expect(walker.walk(0xf0801001n)).toMatchObject({ physical: 0x7e800001, pageSize: 0x1000 });
});

test('tables that lie outside of the image are holes, at the level that is reached', () => {
  for (const architecture of ARCHITECTURES) {
    for (const mode of architecture.pagingModes) {
      const [top] = mode.levels;
      if (!top?.table) continue;
      const [region] = mode.regions ?? [];
      const address = region ? region.start + region.size : mode.addresses[0]!.is;
      const { memory, walker } = tablesOf(architecture, mode.name, '');
      const index = Number((address >> BigInt(top.shift)) & ((1n << BigInt(top.bits)) - 1n));
      const { when, at } = top.table;
      // an address in the middle of what an entry can hold
      const { mask } = at[0]!;
      const entry = when.is | (mask & 0x00000fff00000000n || mask & 0xff000000n);
      if (top.entryBytes === 8) memory.setBigUint64(0x10000 + index * 8, entry, mode.littleEndianEntries);
      else memory.setUint32(0x10000 + index * 4, Number(entry), mode.littleEndianEntries);
      const { physical, reason, steps } = walker.walk(address);
      const told = `${architecture.name} ${mode.name}`;
      if (top.table.extent) continue;
      expect([told, physical, reason, steps.length]).toEqual([told, undefined, 'hole', 1]);
    }
  }
});
