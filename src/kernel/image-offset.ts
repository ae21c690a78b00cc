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
  const starts = startsOfRam(memory);
  const found = architecture.image.offsets.flatMap((offset) => offsetsBy(offset, info, starts));
  return [...new Set(found)];
}

/** The lines of VMCOREINFO that would tell, for messages. */
export function offsetLines({ image }: Architecture): string {
  const lines = image.offsets.map(({ plus = [], minus = [] }) =>
    [...plus, ...minus].map((name) => `NUMBER(${name})`).join(' and '),
  );
  return [...new Set(lines.filter((line) => line !== ''))].join(', nor ');
}

function offsetsBy(
  { constant = 0n, plus = [], minus = [], minusRam }: ImageOffset,
  info: Vmcoreinfo,
  starts: readonly bigint[],
): bigint[] {
  const named = (names: readonly string[]): bigint | undefined =>
    names.reduce<bigint | undefined>((sum, name) => {
      const value = info.value(name);
      return sum === undefined || value === undefined ? undefined : sum + value;
    }, 0n);
  const up = named(plus);
  const down = named(minus);
  if (up === undefined || down === undefined) return [];
  return (minusRam ? starts : [0n]).map((ram) => u64(constant + up - down - ram));
}

/** Stretches of memory that RAM may begin with: what lies in front of it may be firmware. */
const MOST_STARTS = 4;

/** Where RAM may begin, whether what is there was left out of the dump or not. */
function startsOfRam(memory: PhysicalMemory): bigint[] {
  const starts: bigint[] = [];
  let end = -1;
  for (const run of memory.runs) {
    if (run.state === 'hole') continue;
    if (run.start !== end) starts.push(BigInt(run.start));
    if (starts.length === MOST_STARTS) break;
    end = run.end;
  }
  return starts;
}
