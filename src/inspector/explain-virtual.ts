import { hex, type PhysAddr, type VirtAddr } from '../core/address.ts';
import { FaultError } from '../core/errors.ts';
import type { WalkResult } from '../translate/page-walk.ts';
import { explainPhysical } from './explain-physical.ts';
import type { Inspector } from './inspector.ts';

/** With 4-level page tables, addresses below this belong to user space; with more levels user space is larger. */
const LOWER_HALF = 2n ** 47n;

/** Walks the page tables to memory. Throws a FaultError that tells what the address may have meant. */
export function translateAddress(
  inspector: Inspector,
  address: VirtAddr,
): WalkResult & { readonly physical: PhysAddr } {
  const result = inspector.kernel.space.walker.walk(address);
  const { physical } = result;
  if (physical !== undefined) return { ...result, physical };
  const last = result.steps.at(-1);
  throw new FaultError({
    address,
    space: 'virtual',
    reason: result.reason ?? 'not-mapped',
    level: last?.level,
    entry: last?.entry,
    advice: explainVirtual(inspector, address),
  });
}

/** What a virtual address that the kernel does not map may be, as a clause without a full stop. */
export function explainVirtual(inspector: Inspector, address: VirtAddr): string | undefined {
  const { kernel, model } = inspector;
  const { walker } = kernel.space;
  if (!walker.isCanonical(address)) {
    if (kernel.architecture.wordBytes === 4) return 'Addresses of this kernel have 32 bits';
    return `It is not canonical: with ${walker.tables.mode.name} page tables the upper bits of an address are all equal`;
  }
  if (address >= LOWER_HALF || kernel.architecture.pointers.from < LOWER_HALF) return undefined;
  const mistake = explainPhysical(inspector, address);
  if (mistake !== undefined) return `Kernel addresses are in the upper half of the address space; ${mistake}`;
  const pfn = Number(address >> BigInt(kernel.pageShift));
  const ram = model.present.some((r) => pfn >= r.start && pfn < r.end);
  return `Kernel addresses are in the upper half of the address space; ${
    ram
      ? `for the page at physical address ${hex(address)}, use phys:${hex(address)}`
      : 'a process has page tables of its own, which structpage does not read'
  }`;
}
