import { hex, type PhysAddr } from '../core/address.ts';
import { type Range, unite } from '../core/ranges.ts';

/** A line of /proc/iomem; `depth` is 0 if it is not within another. */
export interface IomemEntry extends Range {
  readonly name: string;
  readonly depth: number;
}

/** The lines of /proc/iomem; none for a reader without CAP_SYS_ADMIN, to whom the kernel shows every address as 0. */
export function parseIomem(text: string): IomemEntry[] {
  const entries: IomemEntry[] = [];
  for (const line of text.split('\n')) {
    const match = /^( *)([0-9a-f]+)-([0-9a-f]+) : (.*)$/.exec(line);
    if (!match) continue;
    const start = Number.parseInt(match[2]!, 16);
    const end = Number.parseInt(match[3]!, 16) + 1;
    entries.push({ start, end, name: match[4]!, depth: match[1]!.length / 2 });
  }
  return entries.some((e) => e.end > 1) ? entries : [];
}

/**
 * The memory that is certainly RAM: whole pages of the "System RAM" ranges, at any depth (hotplugged memory is below its
 * device), without pages that a driver reserves.
 */
export function systemRam(entries: readonly IomemEntry[], pageSize = 4096): Range[] {
  return unite(
    entries
      .filter((e) => /^System RAM\b/.test(e.name))
      .map((e) => ({
        start: Math.ceil(e.start / pageSize) * pageSize,
        end: Math.floor(e.end / pageSize) * pageSize,
      })),
  );
}

/** The innermost range of /proc/iomem that contains an address. */
export function iomemAt(entries: readonly IomemEntry[], address: PhysAddr): IomemEntry | undefined {
  return entries.filter((e) => address >= e.start && address < e.end).sort((a, b) => b.depth - a.depth)[0];
}

/** Why an address outside RAM is not read, as a clause without a full stop. */
export function whyNotRam(iomem: readonly IomemEntry[], ram: readonly Range[], address: PhysAddr): string {
  const entry = iomemAt(iomem, address);
  if (entry && /^System RAM\b/.test(entry.name))
    return `${hex(address)} is in a page that is only partly System RAM`;
  if (entry)
    return `${hex(address)} is not RAM but "${entry.name}" (/proc/iomem): reading it may trigger a device, so structpage never does`;
  const last = ram.at(-1);
  if (last && address >= last.end) {
    return `${hex(address)} is beyond the end of RAM (the last byte is at ${hex(last.end - 1)}): no memory is there`;
  }
  return `${hex(address)} is in a hole between the ranges of RAM: nothing is there`;
}
