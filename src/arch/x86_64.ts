import type { AddressBits, Architecture, LeafFormat, PagingLevel, TableFormat } from './architecture.ts';

const ADDRESS: readonly AddressBits[] = [{ mask: 0x000ffffffffff000n }];
const TABLE: TableFormat = { when: { mask: 0x81n, is: 0x01n }, at: ADDRESS };
/** Levels at which the large-page bit is reserved. */
const ONLY_TABLE: TableFormat = { when: { mask: 0x01n, is: 0x01n }, at: ADDRESS };

function large(shift: number): LeafFormat {
  return { when: { mask: 0x81n, is: 0x81n }, shift, frame: ADDRESS };
}

const PTE: PagingLevel = {
  name: 'pte',
  shift: 12,
  bits: 9,
  entryBytes: 8,
  leaves: [{ when: { mask: 0x01n, is: 0x01n }, shift: 12, frame: ADDRESS }],
};
const PMD: PagingLevel = {
  name: 'pmd',
  shift: 21,
  bits: 9,
  entryBytes: 8,
  table: TABLE,
  leaves: [large(21)],
};
const PUD: PagingLevel = {
  name: 'pud',
  shift: 30,
  bits: 9,
  entryBytes: 8,
  table: TABLE,
  leaves: [large(30)],
};

function upper(name: string, shift: number): PagingLevel {
  return { name, shift, bits: 9, entryBytes: 8, table: ONLY_TABLE, leaves: [] };
}

/** AMD64: arch/x86/include/asm/pgtable_64_types.h, page_64_types.h, sparsemem.h. */
export const x86_64: Architecture = {
  name: 'x86_64',
  elfMachine: 62,
  uname: ['x86_64'],
  wordBytes: 8,
  littleEndian: true,
  pagingModes: [
    {
      name: '4-level',
      pageShift: 12,
      levels: [upper('pgd', 39), PUD, PMD, PTE],
      littleEndianEntries: true,
      addresses: [
        { mask: 0xffff800000000000n, is: 0xffff800000000000n },
        { mask: 0xffff800000000000n, is: 0n },
      ],
      stated: [{ name: 'pgtable_l5_enabled', values: [0n] }],
      maxPhysicalBits: 46,
      sectionSizeBits: 27,
      vmemmap: { base: 0xffffea0000000000n, alignment: 2n ** 30n },
    },
    {
      name: '5-level',
      pageShift: 12,
      levels: [upper('pgd', 48), upper('p4d', 39), PUD, PMD, PTE],
      littleEndianEntries: true,
      addresses: [
        { mask: 0xff00000000000000n, is: 0xff00000000000000n },
        { mask: 0xff00000000000000n, is: 0n },
      ],
      stated: [{ name: 'pgtable_l5_enabled', values: [1n] }],
      maxPhysicalBits: 52,
      sectionSizeBits: 27,
      vmemmap: { base: 0xffd4000000000000n, alignment: 2n ** 30n },
    },
  ],
  // pgtable_types.h
  entryFlags: [
    { bit: 0, name: 'present' },
    { bit: 1, name: 'rw' },
    { bit: 2, name: 'user' },
    { bit: 3, name: 'pwt' },
    { bit: 4, name: 'pcd' },
    { bit: 5, name: 'accessed' },
    { bit: 6, name: 'dirty', of: 'leaf' },
    { bit: 7, name: 'pat', of: 'lowest' },
    { bit: 7, name: 'large', of: 'large' },
    { bit: 8, name: 'global', of: 'leaf' },
    { bit: 12, name: 'pat', of: 'large' },
    { bit: 63, name: 'nx' },
  ],
  image: {
    offsets: [{ constant: 0xffffffff80000000n, minus: ['phys_base'] }],
    window: { base: 0xffffffff80000000n, size: 0x40000000n, linkedAt: 0xffffffff81000000n },
  },
  rootSymbols: ['init_top_pgt', 'init_level4_pgt', 'swapper_pg_dir'],
  ignoredBits: 'sme_mask',
  // since 4.20, and before that (arch/x86/include/asm/page_64_types.h)
  directMaps: [0xffff888000000000n, 0xffff880000000000n],
  pointers: { from: 0xff00000000000000n, to: 0xffffffffffffffffn },
};
