import type { Architecture, PagingLevel } from './architecture.ts';

const PTE: PagingLevel = { name: 'pte', shift: 12, bits: 9, mayBeLeaf: true };
const PMD: PagingLevel = { name: 'pmd', shift: 21, bits: 9, mayBeLeaf: true };
const PUD: PagingLevel = { name: 'pud', shift: 30, bits: 9, mayBeLeaf: true };

/** AMD64: arch/x86/include/asm/pgtable_64_types.h, page_64_types.h, sparsemem.h. */
export const x86_64: Architecture = {
  name: 'x86_64',
  elfMachine: 62,
  sectionSizeBits: 27,
  pagingModes: [
    {
      name: '4-level',
      pageShift: 12,
      levels: [{ name: 'pgd', shift: 39, bits: 9, mayBeLeaf: false }, PUD, PMD, PTE],
      maxPhysicalBits: 46,
    },
    {
      name: '5-level',
      pageShift: 12,
      levels: [
        { name: 'pgd', shift: 48, bits: 9, mayBeLeaf: false },
        { name: 'p4d', shift: 39, bits: 9, mayBeLeaf: false },
        PUD,
        PMD,
        PTE,
      ],
      maxPhysicalBits: 52,
    },
  ],
  entry: { present: 0x1n, large: 0x80n, frame: 0x000ffffffffff000n },
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
  image: { base: 0xffffffff80000000n, size: 0x40000000n, linkedAt: 0xffffffff81000000n },
  rootSymbols: ['init_top_pgt', 'init_level4_pgt', 'swapper_pg_dir'],
};
