import type { Architecture, ImageOffset } from '../arch/architecture.ts';
import { u64, type VirtAddr } from '../core/address.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';

/** The physical address for an address of the kernel image, which is mapped `offset` above it. */
export function physicalInImage(address: VirtAddr, offset: bigint): bigint {
  return u64(address - offset);
}

/**
 * Possible values of virtual minus physical address of the kernel image, from VMCOREINFO; best first, and empty if
 * VMCOREINFO lacks the lines that the architecture needs.
 */
export function imageOffsets(architecture: Architecture, info: Vmcoreinfo, memory: PhysicalMemory): bigint[] {
  const found = architecture.image.offsets.flatMap((offset) => offsetBy(offset, info, memory) ?? []);
  return [...new Set(found)];
}

/** The lines of VMCOREINFO that would tell, for messages. */
export function offsetLines({ image }: Architecture): string {
  const lines = image.offsets.map(({ plus = [], minus = [] }) =>
    [...plus, ...minus].map((name) => `NUMBER(${name})`).join(' and '),
  );
  return [...new Set(lines.filter((line) => line !== ''))].join(', nor ');
}

function offsetBy(
  { constant = 0n, plus = [], minus = [], minusRam }: ImageOffset,
  info: Vmcoreinfo,
  memory: PhysicalMemory,
): bigint | undefined {
  const named = (names: readonly string[]): bigint | undefined =>
    names.reduce<bigint | undefined>((sum, name) => {
      const value = info.value(name);
      return sum === undefined || value === undefined ? undefined : sum + value;
    }, 0n);
  const up = named(plus);
  const down = named(minus);
  const ram = minusRam ? startOfRam(memory) : 0n;
  if (up === undefined || down === undefined || ram === undefined) return undefined;
  return u64(constant + up - down - ram);
}

function startOfRam(memory: PhysicalMemory): bigint | undefined {
  for (const run of memory.runs) if (run.state === 'present') return BigInt(run.start);
  return undefined;
}
