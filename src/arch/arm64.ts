import type { AddressBits, Architecture, LeafFormat, PagingLevel, PagingMode } from './architecture.ts';

const NAMES = ['pgd', 'p4d', 'pud', 'pmd', 'pte'];

/** Physical address bits of a descriptor, by page size. With LPA2 the top bits replace the shareability bits. */
const ADDRESS: Readonly<Record<string, readonly AddressBits[]>> = {
  '4K': [{ mask: 0x0000fffffffff000n }],
  '16K': [{ mask: 0x0000ffffffffc000n }],
  // bits 15 to 12 are zero unless the kernel supports 52 bits
  '64K': [{ mask: 0x0000ffffffff0000n }, { mask: 0x000000000000f000n, shift: 36 }],
  '4K LPA2': [{ mask: 0x0003fffffffff000n }, { mask: 0x0000000000000300n, shift: 42 }],
  '16K LPA2': [{ mask: 0x0003ffffffffc000n }, { mask: 0x0000000000000300n, shift: 42 }],
};
/** The largest block of each page size: 1 GiB, 32 MiB, 512 MiB; one level more with LPA2 and LPA. */
const LARGEST_BLOCK: Readonly<Record<string, number>> = {
  '4K': 30,
  '16K': 25,
  '64K': 42,
  '4K LPA2': 39,
  '16K LPA2': 36,
};

/**
 * Page tables of the upper half (TTBR1_EL1), by page size and size of virtual addresses (Arm ARM, D8.3; pgtable-hwdef.h).
 */
function mode(pageShift: number, vaBits: number, lpa2: boolean): PagingMode {
  const pages = `${2 ** (pageShift - 10)}K`;
  const format = lpa2 ? `${pages} LPA2` : pages;
  const address = ADDRESS[format]!;
  const perLevel = pageShift - 3;
  const count = Math.ceil((vaBits - pageShift) / perLevel);
  const levels = Array.from({ length: count }, (_, i): PagingLevel => {
    const shift = pageShift + (count - 1 - i) * perLevel;
    const last = i === count - 1;
    const leaf: LeafFormat = { when: { mask: 3n, is: last ? 3n : 1n }, shift, frame: address };
    const mayBeBlock = last || shift <= LARGEST_BLOCK[format]!;
    return {
      // a mode with fewer levels lacks those after the root
      name: i === 0 ? 'pgd' : NAMES[NAMES.length - count + i]!,
      shift,
      bits: Math.min(perLevel, vaBits - shift),
      entryBytes: 8,
      ...(last ? {} : { table: { when: { mask: 3n, is: 3n }, at: address } }),
      leaves: mayBeBlock ? [leaf] : [],
    };
  });
  // the top byte may be a tag
  const upper = ((1n << 56n) - 1n) & ~((1n << BigInt(vaBits)) - 1n);
  return {
    name: `${format} ${vaBits}-bit`,
    pageShift,
    levels,
    littleEndianEntries: true,
    addresses: [{ mask: upper, is: upper }],
    maxPhysicalBits: lpa2 || (pageShift === 16 && vaBits === 52) ? 52 : 48,
    sectionSizeBits: pageShift === 16 ? 29 : 27,
  };
}

/** AArch64: arch/arm64/include/asm/pgtable-hwdef.h, memory.h, sparsemem.h. */
export const arm64: Architecture = {
  name: 'arm64',
  elfMachine: 183,
  uname: ['aarch64'],
  wordBytes: 8,
  littleEndian: true,
  pagingModes: [
    mode(12, 52, true),
    mode(12, 48, true),
    mode(12, 48, false),
    mode(12, 39, false),
    mode(14, 52, true),
    mode(14, 48, true),
    mode(14, 47, true),
    mode(14, 48, false),
    mode(14, 47, false),
    mode(14, 36, false),
    // tables for 52 bits also work on machines with 48: the kernel then uses their last entries
    mode(16, 52, false),
    mode(16, 48, false),
    mode(16, 42, false),
  ],
  entryFlags: [
    { bit: 0, name: 'valid' },
    { bit: 6, name: 'user', of: 'leaf' },
    { bit: 7, name: 'ro', of: 'leaf' },
    { bit: 10, name: 'accessed', of: 'leaf' },
    { bit: 11, name: 'ng', of: 'leaf' },
    { bit: 51, name: 'dbm', of: 'leaf' },
    { bit: 52, name: 'contiguous', of: 'leaf' },
    { bit: 53, name: 'pxn', of: 'leaf' },
    { bit: 54, name: 'uxn', of: 'leaf' },
  ],
  image: { offsets: [{ plus: ['kimage_voffset'] }] },
  rootSymbols: ['swapper_pg_dir'],
  pointers: { from: 0xff00000000000000n, to: 0xffffffffffffffffn },
};
