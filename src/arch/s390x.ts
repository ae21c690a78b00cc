import type { AddressBits, Architecture, LeafFormat, PagingLevel, PagingMode } from './architecture.ts';

/**
 * Region and segment tables may have fewer than 2048 entries; two fields in the entry above them say which quarters exist.
 */
const EXTENT = {
  first: { mask: 0xc0n, shift: -6 },
  last: { mask: 0x03n },
  entries: 512,
};
const ORIGIN: readonly AddressBits[] = [{ mask: 0xfffffffffffff000n }];

/** Bits 3 and 2 of an entry are the table type. Bit 5 makes the entry invalid, bit 10 makes it a large page. */
function region(name: string, type: bigint, shift: number, large?: LeafFormat): PagingLevel {
  const mask = large ? 0x42cn : 0x2cn;
  return {
    name,
    shift,
    bits: 11,
    entryBytes: 8,
    table: { when: { mask, is: type }, at: ORIGIN, extent: EXTENT },
    leaves: large ? [large] : [],
  };
}

const LEVELS: readonly PagingLevel[] = [
  region('region1', 0xcn, 53),
  region('region2', 0x8n, 42),
  region('region3', 0x4n, 31, {
    when: { mask: 0x42cn, is: 0x404n },
    shift: 31,
    frame: [{ mask: 0xffffffff80000000n }],
  }),
  {
    name: 'segment',
    shift: 20,
    bits: 11,
    entryBytes: 8,
    table: { when: { mask: 0x42cn, is: 0n }, at: [{ mask: 0xfffffffffffff800n }] },
    leaves: [{ when: { mask: 0x42cn, is: 0x400n }, shift: 20, frame: [{ mask: 0xfffffffffff00000n }] }],
  },
  {
    name: 'page',
    shift: 12,
    bits: 8,
    entryBytes: 8,
    leaves: [{ when: { mask: 0xc00n, is: 0n }, shift: 12, frame: ORIGIN }],
  },
];

function mode(count: number): PagingMode {
  const levels = LEVELS.slice(LEVELS.length - count);
  const bits = BigInt(levels[0]!.shift + levels[0]!.bits);
  return {
    name: `${count}-level`,
    pageShift: 12,
    levels,
    littleEndianEntries: false,
    addresses: [{ mask: ((1n << 64n) - 1n) & ~((1n << bits) - 1n), is: 0n }],
    maxPhysicalBits: 46,
    sectionSizeBits: 28,
  };
}

/** z/Architecture: arch/s390/include/asm/pgtable.h, sparsemem.h, lowcore.h; Principles of Operation, chapter 3. */
export const s390x: Architecture = {
  name: 's390x',
  elfMachine: 22,
  uname: ['s390x'],
  wordBytes: 8,
  littleEndian: false,
  pagingModes: [mode(3), mode(4), mode(5), mode(2)],
  entryFlags: [
    { bit: 8, name: 'noexec', of: 'leaf' },
    { bit: 9, name: 'protect' },
    { bit: 10, name: 'large', of: 'large' },
  ],
  image: {
    offsets: [
      // since 6.10 the image is mapped separately from memory; before, it lay where it was loaded
      { plus: ['KERNELOFFSET'], minus: ['KERNELOFFPHYS'] },
      { constant: 0n },
    ],
  },
  rootSymbols: ['swapper_pg_dir'],
  processLimit: 'context.asce_limit',
  // memory is mapped at its own address, so pointers are small numbers; null and the first page are no addresses
  pointers: { from: 0x1000n, to: 0x001fffffffffffffn },
  vmcoreinfoNoteAt: 0xe0c,
};
