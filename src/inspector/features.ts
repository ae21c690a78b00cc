import { u64 } from '../core/address.ts';
import { lengthOf, type Range } from '../core/ranges.ts';
import { directMapOf } from '../kernel/direct-map.ts';
import type { Inspector } from './inspector.ts';

/** Something that structpage can do with a dump, tried on this one. */
export interface Feature {
  readonly feature: string;
  readonly works: 'yes' | 'partly' | 'no';
  /** What was tried, and the result. */
  readonly evidence: string;
}

const TRANSLATION = 'translate, page virt:ADDRESS';
/** Number of page frames whose address in the direct map is translated. */
const FRAMES = 256;

/**
 * Finds out what works on an image by trying it on the pages of `windows`: the level of a filter tells what was to be left
 * out, not what is lost by it.
 */
export function featuresOf(inspector: Inspector, windows: readonly Range[]): Feature[] {
  return [structPages(inspector), slabCaches(inspector, windows), translation(inspector, windows)];
}

function verdict(good: number, all: number): Feature['works'] {
  return good === all ? 'yes' : good === 0 ? 'no' : 'partly';
}

function structPages(inspector: Inspector): Feature {
  const all = lengthOf(inspector.model.present);
  const { ok } = inspector.reader.survey().states;
  const lacking = inspector.model.sections.onlineUnknown
    ? '; kpageflags and kpagecount are not available, since mem_section is lost'
    : '';
  return {
    feature: 'all columns, summary, verify, capture',
    works: ok === all && lacking ? 'partly' : verdict(ok, all),
    evidence: `${ok} of ${all} struct pages are in the dump${ok === all ? '; no other memory is needed' : '; the others are left out of the output, and counted'}${lacking}`,
  };
}

function slabCaches(inspector: Inspector, pfns: readonly Range[]): Feature {
  const met = new Set<string>();
  for (const { batch, rows } of inspector.selectSync({
    columns: ['slab_cache'],
    where: 'type == slab',
    pfns,
  })) {
    const column = batch.columns.get('slab_cache');
    if (column?.kind !== 'name') continue;
    for (const row of rows) if (column.codes[row] !== 0) met.add(column.names[column.codes[row]!]!);
  }
  const named = [...met].filter((name) => !name.startsWith('0x'));
  return {
    feature: 'names of slab caches',
    works: verdict(named.length, met.size),
    evidence: `${named.length} of ${met.size} slab caches of pages have their name in the dump`,
  };
}

/** The kernel maps all memory, but the page tables for that are memory too and may be missing. */
function translation(inspector: Inspector, pfns: readonly Range[]): Feature {
  const { walker } = inspector.kernel.space;
  const size = inspector.kernel.pageBytes;
  const base = directMapOf(inspector.kernel);
  if (base === undefined) {
    return {
      feature: TRANSLATION,
      works: 'partly',
      evidence: 'not tried, since the start of the direct map is not known',
    };
  }
  const mask = (1n << BigInt(inspector.kernel.architecture.wordBytes * 8)) - 1n;
  const frames = framesOfRam(inspector, pfns);
  let reached = 0;
  const reasons = new Map<string, number>();
  for (const pfn of frames) {
    const { physical, reason, steps } = walker.walk(u64(base + BigInt(pfn * size)) & mask);
    if (physical === pfn * size) reached++;
    else {
      const why = `${reason ?? 'elsewhere'} at ${steps.at(-1)?.level ?? 'the root'}`;
      reasons.set(why, (reasons.get(why) ?? 0) + 1);
    }
  }
  const lowmem = hasHighMemory(inspector) ? ' (all memory but HighMem)' : '';
  const lost = [...reasons].map(([why, count]) => `${why}: ${count}`).join(', ');
  return {
    feature: TRANSLATION,
    // the kernel image and the page array can always be reached, or the image would not have been opened
    works: reached === frames.length ? 'yes' : 'partly',
    evidence: `${reached} of ${frames.length} sampled addresses of the direct map${lowmem} can be translated${lost ? ` (${lost})` : ''}`,
  };
}

function hasHighMemory({ layout }: Inspector): boolean {
  return layout.zones.includes('HighMem');
}

/** Page frames of the kernel, spread over all windows. */
function framesOfRam(inspector: Inspector, pfns: readonly Range[]): number[] {
  const frames: number[] = [];
  const step = Math.max(1, Math.floor(lengthOf(pfns) / FRAMES));
  let next = 0;
  for (const { batch, rows } of inspector.selectSync({
    columns: ['pfn'],
    // HighMem is not mapped for good
    where: `!(flags has reserved)${hasHighMemory(inspector) ? ' && zone != HighMem' : ''}`,
    pfns,
  })) {
    for (const row of rows) {
      if (next-- > 0) continue;
      next = step - 1;
      frames.push(batch.start + row);
    }
  }
  return frames;
}
