import { type Claimant, pfnOfAddress } from './claimant.ts';
import { classCode } from './classes.ts';

/** Sections of the image by the symbols around them (include/asm-generic/sections.h). */
const SECTIONS = [
  ['text', '_text', '_etext'],
  ['rodata', '__start_rodata', '__end_rodata'],
  ['data', '_sdata', '_edata'],
  ['bss', '__bss_start', '__bss_stop'],
  ['brk', '__brk_base', '__brk_limit'],
] as const;

/** The kernel image. Memory that it freed after boot is no longer reserved, so its address tells nothing. */
export const kernelImage: Claimant = {
  name: 'kernel image',
  symbols: ['_text', '_end', ...SECTIONS.flatMap(([, from, to]) => [from, to])],
  claim(machine, claims) {
    const { objects } = machine;
    const { pageSize } = objects.memory.format;
    const start = objects.symbol('_text');
    const end = objects.symbol('_end');
    const sections = SECTIONS.flatMap(([name, from, to]) => {
      const [first, last] = [objects.findSymbol(from), objects.findSymbol(to)];
      return first === undefined || last === undefined
        ? []
        : [{ first, last, code: classCode('kernel_image', name) }];
    });
    const other = classCode('reserved', 'image');
    for (let at = start; at < end; at += BigInt(pageSize)) {
      // the text mapping is contiguous; freed holes in it may be unmapped
      const pfn = pfnOfAddress(machine, at);
      if (pfn === undefined || !machine.isReserved(pfn)) continue;
      const section = sections.find((s) => at >= s.first && at < s.last);
      claims.claim(pfn, section?.code ?? other);
    }
  },
};
