import type { AddressBits, Architecture, LeafFormat, PagingLevel, PagingMode } from './architecture.ts';

/** The page frame number is in bits 53 to 10. Above it are N (Svnapot) and the memory type (Svpbmt). */
const ADDRESS: readonly AddressBits[] = [{ mask: 0x003ffffffffffc00n, shift: 2 }];
const NAMES = ['pgd', 'p4d', 'pud', 'pmd', 'pte'];

/** A valid entry with R, W or X maps memory; without them it is a table. W alone is reserved. */
function leaves(shift: number): LeafFormat[] {
  return [
    { when: { mask: 0x3n, is: 0x3n }, shift, frame: ADDRESS },
    { when: { mask: 0xbn, is: 0x9n }, shift, frame: ADDRESS },
  ];
}

/** Svnapot: entries of 64 KiB, told by the lowest bits of the frame number. */
const NAPOT: LeafFormat = {
  when: { mask: 0x8000000000003c03n, is: 0x8000000000002003n },
  shift: 16,
  frame: ADDRESS,
};

function mode(bits: 39 | 48 | 57): PagingMode {
  const count = (bits - 12) / 9;
  const levels = Array.from({ length: count }, (_, i): PagingLevel => {
    const shift = 12 + (count - 1 - i) * 9;
    const last = i === count - 1;
    return {
      name: i === 0 ? 'pgd' : NAMES[NAMES.length - count + i]!,
      shift,
      bits: 9,
      entryBytes: 8,
      ...(last ? {} : { table: { when: { mask: 0xfn, is: 0x1n }, at: ADDRESS } }),
      leaves: last ? [NAPOT, ...leaves(shift)] : leaves(shift),
    };
  });
  const upper = ((1n << 64n) - 1n) & ~((1n << BigInt(bits - 1)) - 1n);
  return {
    name: `Sv${bits}`,
    pageShift: 12,
    levels,
    littleEndianEntries: true,
    addresses: [
      { mask: upper, is: upper },
      { mask: upper, is: 0n },
    ],
    stated: [{ name: 'VA_BITS', values: [BigInt(bits)] }],
    maxPhysicalBits: 56,
    sectionSizeBits: 27,
  };
}

/** The link address of kernels. Without KASLR the image is mapped there, separate from the linear map. */
const LINKED = 0xffffffff80000000n;

/** RISC-V: arch/riscv/include/asm/pgtable.h, pgtable-64.h, page.h, sparsemem.h; Privileged Architecture, chapter 12. */
export const riscv64: Architecture = {
  name: 'riscv64',
  elfMachine: 243,
  uname: ['riscv64'],
  wordBytes: 8,
  littleEndian: true,
  pagingModes: [mode(39), mode(48), mode(57)],
  entryFlags: [
    { bit: 0, name: 'valid' },
    { bit: 1, name: 'r' },
    { bit: 2, name: 'w' },
    { bit: 3, name: 'x' },
    { bit: 4, name: 'user' },
    { bit: 5, name: 'global' },
    { bit: 6, name: 'accessed', of: 'leaf' },
    { bit: 7, name: 'dirty', of: 'leaf' },
    { bit: 63, name: 'napot', of: 'lowest' },
  ],
  image: {
    offsets: [
      { plus: ['va_kernel_pa_offset'] },
      // firmware uses the first 2 MiB of RAM; the kernel is loaded after it
      { plus: ['KERNEL_LINK_ADDR'], minus: ['phys_ram_base'] },
      { plus: ['KERNEL_LINK_ADDR'], minus: ['phys_ram_base'], constant: -0x200000n },
      { constant: LINKED - 0x200000n, minusRam: true },
      { constant: LINKED, minusRam: true },
    ],
  },
  rootSymbols: ['swapper_pg_dir'],
  pointers: { from: 0xff00000000000000n, to: 0xffffffffffffffffn },
};
