import type { VirtAddr } from '../../core/address.ts';
import { intersect, lengthOf, type Range, unite } from '../../core/ranges.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import type { Zone } from '../../memmap/zones.ts';

/** Maximum number of contradictions listed one by one. */
const MOST = 4;

/**
 * Compares three sources for the extent of the page array: mem_section, the page tables that map it, and the page counts of
 * zones. Returns a sentence for each contradiction: what two sources say, and what is unknown because of it.
 */
export function checkExtent(kernel: Kernel, model: MemoryModel, all: readonly Zone[]): string[] {
  const zones = all.filter(({ name }) => name !== 'Device');
  const said = [...againstPageTables(kernel, model, zones), ...againstZones(model, zones)];
  return said.length > MOST ? [...said.slice(0, MOST), `${said.length - MOST} more contradictions`] : said;
}

/**
 * The kernel maps struct pages for what mem_section has and for nothing else (sparse_add_section(), vmemmap_populate()). A
 * page of the array may hold struct pages of several sections, and exists if any of them does.
 */
function againstPageTables(kernel: Kernel, model: MemoryModel, zones: readonly Zone[]): string[] {
  // mem_map lies in the map of all memory
  if (model.kind === 'FLATMEM' || model.base === undefined || model.sections.onlineUnknown) return [];
  const beyond: Range[] = [];
  const pages = reach(model, zones);
  const size = model.pageSize;
  for (const leaf of mappedLeaves(kernel, model.base, pages.start * size, pages.end * size)) {
    const first = Math.ceil(leaf.start / model.pageSize);
    const end = Math.floor(leaf.end / model.pageSize);
    const there = intersect(model.present, [{ start: first, end }]);
    const sections = there.length === 0 ? [{ start: first, end }] : sectionsOf(there, model);
    for (const part of intersect(sections, [{ start: first, end }])) {
      let at = part.start;
      for (const range of intersect(model.present, [part])) {
        if (range.start > at) beyond.push({ start: at, end: range.start });
        at = range.end;
      }
      if (part.end > at) beyond.push({ start: at, end: part.end });
    }
  }
  return unite(beyond).map(
    ({ start, end }) =>
      `the page tables map struct pages of page frames ${start} to ${end - 1}, which mem_section does not have: whether they exist is not known, and they are left out`,
  );
}

/** The whole sections that contain the ranges. */
function sectionsOf(ranges: readonly Range[], { pagesPerSection }: MemoryModel): Range[] {
  return unite(
    ranges.map(({ start, end }) => ({
      start: Math.floor(start / pagesPerSection) * pagesPerSection,
      end: Math.ceil(end / pagesPerSection) * pagesPerSection,
    })),
  );
}

/**
 * The page frames to check: from the first to the last section known to a zone or mem_section. Mappings before and after
 * them may be something else.
 */
function reach(model: MemoryModel, zones: readonly Zone[]): Range {
  const known = [...zones, ...model.present];
  const limit = 2 ** (model.maxPhysicalBits - model.pageShift);
  const { pagesPerSection } = model;
  const first = Math.min(...known.map((r) => r.start));
  const last = Math.min(limit, Math.max(...known.map((r) => r.end)));
  return {
    start: Math.floor(first / pagesPerSection) * pagesPerSection,
    end: Math.ceil(last / pagesPerSection) * pagesPerSection,
  };
}

/** The mapped parts of vmemmap, in bytes from its start. An unmapped part is skipped by the span of its entry. */
function* mappedLeaves(kernel: Kernel, base: VirtAddr, start: number, length: number): Generator<Range> {
  const { walker } = kernel.space;
  for (let at = start; at < length; ) {
    const address = base + BigInt(at);
    if (!walker.isCanonical(address)) return;
    const { physical, span } = walker.walk(address);
    const end = at + span - Number(address & BigInt(span - 1));
    if (physical !== undefined) yield { start: at, end };
    at = end;
  }
}

/** A zone counts the page frames with RAM that it spans. There cannot be fewer struct pages, nor fewer online ones. */
function againstZones(model: MemoryModel, zones: readonly Zone[]): string[] {
  const out: string[] = [];
  const { onlineUnknown, isFlat } = model.sections;
  const teller = isFlat ? 'mem_map' : 'mem_section';
  for (const zone of zones) {
    const { presentPages, node, name } = zone;
    if (presentPages === undefined) continue;
    const which = `zone ${name ?? zone.zone} of node ${node} counts ${presentPages} page frames of RAM in ${zone.start} to ${zone.end - 1}`;
    const there = lengthOf(intersect(model.present, [zone]));
    const online = lengthOf(intersect(model.online, [zone]));
    if (there < presentPages) {
      out.push(`${which}, ${teller} has struct pages for ${there}: the others are not known, and left out`);
    } else if (!onlineUnknown && online < presentPages) {
      out.push(
        `${which}, ${teller} has ${online} online: kpageflags and kpagecount of the others are not known`,
      );
    }
  }
  return out;
}
