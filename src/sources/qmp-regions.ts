import type { Range } from '../core/ranges.ts';

/** What no physical address of any machine reaches. */
const MOST_MEMORY = 2 ** 52;

/** A region of a guest's physical memory that is RAM, by QEMU's flat view of it (softmmu/memory.c). */
export interface RamRegion extends Range {
  /** The name of the memory backend or of the machine's own RAM. */
  readonly name: string;
  /** Where in it the region begins. */
  readonly offset: number;
  /** The guest cannot write there: a part of its RAM that shadows ROM. */
  readonly readOnly: boolean;
  /** The same bytes are at a lower address, too. */
  readonly alias: boolean;
}

/** A line of a flat view; `nv-` is said of persistent memory, the owner only with `-o`. */
const LINE =
  /^ +([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:nv-)?(ram|rom)\): (\S+)(?: @([0-9a-f]{16}))?([^\n]*)$/gm;
/** RAM that machines have without a backend. */
const OWN_RAM = /^(pc\.ram|ram\d*|.*\.ram)$/;
const VIDEO_RAM = /^vga|vram/;

/**
 * The RAM of the machine in what `info mtree -f` or `info mtree -f -o` prints: of the address space `memory`, regions of a memory
 * backend or of the machine's own RAM. What is left out is no memory of the guest's kernel: ROM, RAM of devices, memory of assigned devices (`ramd`).
 */
export function ramOf(text: string, backends: readonly string[]): RamRegion[] {
  const views = text.split(/^FlatView #\d+/m);
  const view = views.find((v) => /^ AS "memory",/m.test(v)) ?? '';
  const regions: RamRegion[] = [];
  for (const [, from, to, kind, name, offset, rest] of view.matchAll(LINE)) {
    if (!isBackend(name!, rest!, backends) && (!OWN_RAM.test(name!) || VIDEO_RAM.test(name!))) continue;
    const region = {
      start: Number.parseInt(from!, 16),
      end: Number.parseInt(to!, 16) + 1,
      name: name!,
      offset: Number.parseInt(offset ?? '0', 16),
      readOnly: kind === 'rom',
    };
    if (region.end > MOST_MEMORY) continue;
    regions.push({ ...region, alias: regions.some((other) => sameBytes(other, region)) });
  }
  return regions;
}

/** Whether a region is of a memory backend: its name is the backend's id or QOM path, or that is its owner. */
function isBackend(name: string, rest: string, backends: readonly string[]): boolean {
  const owner = /\bowner:\{obj path=(\S+?)\}/.exec(rest)?.[1];
  return [name, ...(owner === undefined ? [] : [owner])].some(
    (path) => path.startsWith('/objects/') || backends.includes(path),
  );
}

function sameBytes(a: Omit<RamRegion, 'alias'>, b: Omit<RamRegion, 'alias'>): boolean {
  return (
    a.name === b.name && a.offset < b.offset + (b.end - b.start) && b.offset < a.offset + (a.end - a.start)
  );
}

/** The regions for `info`: of each name where they are. */
export function regionDetails(regions: readonly RamRegion[]): [label: string, value: string][] {
  const names = [...new Set(regions.map((r) => r.name))];
  return names.map((name) => [
    `memory ${name}`,
    regions
      .filter((r) => r.name === name)
      .map((r) => {
        const notes = [...(r.readOnly ? ['read-only'] : []), ...(r.alias ? ['alias'] : [])];
        const note = notes.length > 0 ? ` (${notes.join(', ')})` : '';
        return `0x${r.start.toString(16)}-0x${(r.end - 1).toString(16)}${note}`;
      })
      .join(', '),
  ]);
}
