import type { AddressBits, Architecture, LeafFormat, PagingLevel, PagingMode } from './architecture.ts';

const PRESENT = 0x8000000000000000n;
const LEAF = 0xc000000000000000n;
const TABLE_AT: readonly AddressBits[] = [{ mask: 0x0fffffffffffff00n }];
/** Above it are protection keys. */
const FRAME: readonly AddressBits[] = [{ mask: 0x000ffffffffff000n }];
/** Start of the linear map, which includes the kernel image. */
const LINEAR = 0xc000000000000000n;

/** An entry with the bit of a leaf maps memory; hash tables mark entries in the same way, for the kernel's own use. */
function level(name: string, shift: number, bits: number): PagingLevel {
  const leaf: LeafFormat = { when: { mask: LEAF, is: LEAF }, shift, frame: FRAME };
  const table = { when: { mask: LEAF, is: PRESENT }, at: TABLE_AT };
  return {
    name,
    shift,
    bits,
    entryBytes: 8,
    ...(name === 'pte' ? {} : { table }),
    leaves: name === 'pgd' ? [] : [leaf],
  };
}

/** Radix tables, whose entries are always big endian (arch/powerpc/include/asm/book3s/64/radix.h). */
function radix(pageShift: 12 | 16): PagingMode {
  return {
    name: `radix ${2 ** (pageShift - 10)}K`,
    pageShift,
    levels: [
      level('pgd', 39, 13),
      level('pud', 30, 9),
      level('pmd', 21, 9),
      level('pte', pageShift, 21 - pageShift),
    ],
    littleEndianEntries: false,
    addresses: [{ mask: 0xfff0000000000000n, is: LINEAR }],
    stated: [{ name: 'RADIX_MMU', values: [1n] }],
    maxPhysicalBits: pageShift === 16 ? 51 : 46,
    sectionSizeBits: 24,
  };
}

/**
 * Under the hash MMU a rule and a list tell where memory and the page array are (mmu.h, init_64.c); vmalloc and processes have
 * tables that the kernel keeps for itself (hash-64k.h, hash-4k.h).
 */
function hash(pageShift: 12 | 16): PagingMode {
  return {
    name: `hash ${2 ** (pageShift - 10)}K`,
    pageShift,
    levels:
      pageShift === 16
        ? [level('pgd', 44, 8), level('pud', 34, 10), level('pmd', 24, 10), level('pte', 16, 8)]
        : [level('pgd', 37, 9), level('pud', 28, 9), level('pmd', 21, 7), level('pte', 12, 9)],
    littleEndianEntries: false,
    addresses: [{ mask: 0xf000000000000000n, is: LINEAR }],
    // vmalloc is behind (H_KERN_MAP_SIZE)
    regions: [{ start: LINEAR, size: pageShift === 16 ? 1n << 49n : 1n << 44n, physical: 0 }],
    stated: [{ name: 'RADIX_MMU', values: [0n] }],
    maxPhysicalBits: pageShift === 16 ? 51 : 46,
    sectionSizeBits: 24,
    vmemmapList: true,
  };
}

/** Book3S 64: arch/powerpc/include/asm/book3s/64/pgtable.h, radix-64k.h, radix-4k.h, hash.h. */
export const ppc64le: Architecture = {
  name: 'ppc64le',
  elfMachine: 21,
  uname: ['ppc64le'],
  wordBytes: 8,
  littleEndian: true,
  pagingModes: [radix(16), radix(12), hash(16), hash(12)],
  entryFlags: [
    { bit: 0, name: 'x', of: 'leaf' },
    { bit: 1, name: 'w', of: 'leaf' },
    { bit: 2, name: 'r', of: 'leaf' },
    { bit: 3, name: 'privileged', of: 'leaf' },
    { bit: 7, name: 'dirty', of: 'leaf' },
    { bit: 8, name: 'accessed', of: 'leaf' },
    { bit: 62, name: 'leaf' },
    { bit: 63, name: 'present' },
  ],
  image: { offsets: [{ constant: LINEAR }] },
  rootSymbols: ['swapper_pg_dir'],
  pointers: { from: LINEAR, to: 0xcfffffffffffffffn },
};
