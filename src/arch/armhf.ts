import type { AddressBits, Architecture, PagingMode, TableFormat } from './architecture.ts';

/** Every address of 32 bits. */
const ALL = [{ mask: 0xffffffff00000000n, is: 0n }];

/** Short descriptors: sections of 1 and 16 MiB, tables of 256 entries with pages of 4 and 64 KiB (Arm ARM, G5.4). */
const SHORT: PagingMode = {
  name: 'short descriptors',
  pageShift: 12,
  levels: [
    {
      name: 'pgd',
      shift: 20,
      bits: 12,
      entryBytes: 4,
      table: { when: { mask: 3n, is: 1n }, at: [{ mask: 0xfffffc00n }] },
      leaves: [
        // bit 0 forbids the kernel to execute
        {
          when: { mask: 0x40002n, is: 0x40002n },
          shift: 24,
          frame: [{ mask: 0xff000000n }, { mask: 0x00f00000n, shift: 12 }, { mask: 0x000001e0n, shift: 31 }],
        },
        { when: { mask: 0x40002n, is: 0x00002n }, shift: 20, frame: [{ mask: 0xfff00000n }] },
      ],
    },
    {
      name: 'pte',
      shift: 12,
      bits: 8,
      entryBytes: 4,
      leaves: [
        { when: { mask: 3n, is: 1n }, shift: 16, frame: [{ mask: 0xffff0000n }] },
        { when: { mask: 2n, is: 2n }, shift: 12, frame: [{ mask: 0xfffff000n }] },
      ],
    },
  ],
  littleEndianEntries: true,
  addresses: ALL,
  maxPhysicalBits: 36,
  sectionSizeBits: 28,
};

const LONG_ADDRESS: readonly AddressBits[] = [{ mask: 0x000000fffffff000n }];
const LONG_TABLE: TableFormat = { when: { mask: 3n, is: 3n }, at: LONG_ADDRESS };

/** Long descriptors of LPAE: as those of arm64, with four entries at the root (Arm ARM, G5.5). */
const LONG: PagingMode = {
  name: 'LPAE',
  pageShift: 12,
  levels: [
    {
      name: 'pgd',
      shift: 30,
      bits: 2,
      entryBytes: 8,
      table: LONG_TABLE,
      leaves: [{ when: { mask: 3n, is: 1n }, shift: 30, frame: LONG_ADDRESS }],
    },
    {
      name: 'pmd',
      shift: 21,
      bits: 9,
      entryBytes: 8,
      table: LONG_TABLE,
      leaves: [{ when: { mask: 3n, is: 1n }, shift: 21, frame: LONG_ADDRESS }],
    },
    {
      name: 'pte',
      shift: 12,
      bits: 9,
      entryBytes: 8,
      leaves: [{ when: { mask: 3n, is: 3n }, shift: 12, frame: LONG_ADDRESS }],
    },
  ],
  littleEndianEntries: true,
  addresses: ALL,
  maxPhysicalBits: 36,
  sectionSizeBits: 28,
};

/** 32-bit Arm: arch/arm/include/asm/pgtable-2level-hwdef.h, pgtable-3level-hwdef.h, memory.h, sparsemem.h. */
export const armhf: Architecture = {
  name: 'armhf',
  elfMachine: 40,
  uname: ['armv7l', 'armv6l', 'armv5tel', 'armv8l', 'arm'],
  wordBytes: 4,
  littleEndian: true,
  pagingModes: [LONG, SHORT],
  image: {
    isInDirectMap: true,
    // lowmem, where the image is, begins at the start of RAM by CONFIG_VMSPLIT_* (arch/arm/Kconfig)
    offsets: [0xc0000000n, 0x80000000n, 0x40000000n, 0xb0000000n].map((constant) => ({
      constant,
      minusRam: true,
    })),
  },
  rootSymbols: ['swapper_pg_dir'],
  pointers: { from: 0x40000000n, to: 0xffffffffn },
};
