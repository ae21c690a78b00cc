import type {
  AddressBits,
  Architecture,
  ImageOffset,
  LeafFormat,
  PagingLevel,
  PagingMode,
} from './architecture.ts';

/** Where lowmem is mapped by CONFIG_VMSPLIT_*; the image is at its physical place above that (arch/x86/Kconfig). */
const PAGE_OFFSETS: readonly ImageOffset[] = [
  0xc0000000n,
  0x80000000n,
  0x40000000n,
  0xb0000000n,
  0x78000000n,
].map((constant) => ({ constant }));

const FRAME: readonly AddressBits[] = [{ mask: 0xfffff000n }];
const PAE_FRAME: readonly AddressBits[] = [{ mask: 0x000ffffffffff000n }];
/** Every address of 32 bits. */
const ALL = [{ mask: 0xffffffff00000000n, is: 0n }];

function lowest(bits: number, entryBytes: 4 | 8, frame: readonly AddressBits[]): PagingLevel {
  const leaf: LeafFormat = { when: { mask: 1n, is: 1n }, shift: 12, frame };
  return { name: 'pte', shift: 12, bits, entryBytes, leaves: [leaf] };
}

/** Two levels of 4-byte entries; pages of 4 MiB may lie above 4 GiB (PSE-36). */
const TWO_LEVELS: PagingMode = {
  name: '2-level',
  pageShift: 12,
  levels: [
    {
      name: 'pgd',
      shift: 22,
      bits: 10,
      entryBytes: 4,
      table: { when: { mask: 0x81n, is: 0x01n }, at: FRAME },
      leaves: [
        {
          when: { mask: 0x81n, is: 0x81n },
          shift: 22,
          frame: [{ mask: 0xffc00000n }, { mask: 0x001fe000n, shift: 19 }],
        },
      ],
    },
    lowest(10, 4, FRAME),
  ],
  littleEndianEntries: true,
  addresses: ALL,
  maxPhysicalBits: 32,
  sectionSizeBits: 26,
};

/** Three levels of 8-byte entries, of which the root has four. */
const PAE: PagingMode = {
  name: 'PAE',
  pageShift: 12,
  levels: [
    {
      name: 'pgd',
      shift: 30,
      bits: 2,
      entryBytes: 8,
      table: { when: { mask: 0x01n, is: 0x01n }, at: PAE_FRAME },
      leaves: [],
    },
    {
      name: 'pmd',
      shift: 21,
      bits: 9,
      entryBytes: 8,
      table: { when: { mask: 0x81n, is: 0x01n }, at: PAE_FRAME },
      leaves: [{ when: { mask: 0x81n, is: 0x81n }, shift: 21, frame: PAE_FRAME }],
    },
    lowest(9, 8, PAE_FRAME),
  ],
  littleEndianEntries: true,
  addresses: ALL,
  maxPhysicalBits: 36,
  sectionSizeBits: 29,
};

/** 32-bit x86: arch/x86/include/asm/pgtable-2level_types.h, pgtable-3level_types.h, page_32_types.h, sparsemem.h. */
export const i386: Architecture = {
  name: 'i386',
  elfMachine: 3,
  uname: ['i386', 'i486', 'i586', 'i686'],
  wordBytes: 4,
  littleEndian: true,
  pagingModes: [PAE, TWO_LEVELS],
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
  image: { offsets: PAGE_OFFSETS, isInDirectMap: true },
  rootSymbols: ['swapper_pg_dir'],
  pointers: { from: 0x40000000n, to: 0xffffffffn },
};
