import { u64 } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Kernel } from './kernel.ts';

/**
 * Virtual minus physical address in the direct map (PAGE_OFFSET, if memory starts at 0). On x86 the kernel's variable has
 * it; elsewhere it follows from mem_section, which was allocated in the direct map. Undefined if neither can be read.
 */
export function directMapOf(kernel: Kernel): bigint | undefined {
  if (kernel.architecture.image.isInDirectMap) return kernel.imageOffset;
  const usual = kernel.architecture.directMaps?.[0];
  try {
    return byVariable(kernel) ?? usual ?? byMemSection(kernel);
  } catch (error) {
    if (error instanceof StructPageError) return usual;
    throw error;
  }
}

function byVariable({ kallsyms, space }: Kernel): bigint | undefined {
  const at = kallsyms?.address('page_offset_base');
  return at === undefined ? undefined : space.readWord(at, 'page_offset_base');
}

function byMemSection({ kallsyms, space }: Kernel): bigint | undefined {
  const variable = kallsyms?.address('mem_section');
  const at = variable === undefined ? undefined : space.readWord(variable, 'mem_section');
  const physical = at === undefined ? undefined : space.walker.walk(at).physical;
  if (at === undefined || physical === undefined) return undefined;
  return u64(at - BigInt(physical));
}
