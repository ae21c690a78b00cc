import type { ByteSource } from '../../core/bytes.ts';
import { StructPageError } from '../../core/errors.ts';
import type { OpenContext } from '../image-format.ts';
import { identity, type KdumpHeader, looksLikeKdump, readHeader } from './header.ts';
import type { Gap } from './memory.ts';
import type { KdumpPart } from './part.ts';

/**
 * Collects the parts of a split dump: those given with the first one, and those in its directory. Parts belong together if
 * their headers agree in kernel, time and size, and their bitmaps are equal.
 */
export function collectParts(
  first: KdumpPart,
  context: OpenContext,
  warnings: string[],
  open: (source: ByteSource, header: KdumpHeader) => KdumpPart,
): { parts: KdumpPart[]; gaps: Gap[] } {
  const parts = [first];
  const mine = identity(first.source);
  const given = context.parts ?? [];

  const add = (source: ByteSource, wasGiven: boolean): boolean => {
    const refuse = (why: string): false => {
      if (wasGiven) warnings.push(`${source.name} was not used: ${why}`);
      return false;
    };
    if (looksLikeKdumpQuietly(source) === false || identity(source) !== mine) {
      return refuse('it is not part of this dump');
    }
    const header = readHeader(source, []);
    if (!header.split || header.blockSize !== first.header.blockSize)
      return refuse('it is not part of this dump');
    const part = open(source, header);
    // a dump may have been split twice, so parts may overlap: they have the same contents
    const same = parts.find((p) => p.start <= part.start && part.end <= p.end);
    if (same) {
      return refuse(`its pages ${part.start} to ${part.end} are in ${same.source.name} already`);
    }
    if (!part.bitmaps.sameDumped(first.bitmaps)) return refuse('its bitmap is that of another dump');
    parts.push(part);
    return true;
  };

  for (const source of given) if (!tryAdd(source, true)) source.close();
  if (missing(parts, first.header.pages).length > 0 && context.beside && context.sibling) {
    for (const name of context.beside(first.source.name)) {
      if (parts.some((p) => p.source.name === name)) continue;
      const source = context.sibling(name);
      if (source && !tryAdd(source, false)) source.close();
      if (missing(parts, first.header.pages).length === 0) break;
    }
  }
  parts.sort((a, b) => a.start - b.start);
  const gaps = missing(parts, first.header.pages);
  for (const gap of gaps) {
    warnings.push(
      `${gap.name} is missing: pages ${gap.start} to ${gap.end} cannot be read. Name it too, or put it beside the others`,
    );
  }
  return { parts, gaps };

  function tryAdd(source: ByteSource, wasGiven: boolean): boolean {
    try {
      return add(source, wasGiven);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      if (wasGiven) warnings.push(`${source.name} was not used: ${error.message}`);
      return false;
    }
  }
}

function looksLikeKdumpQuietly(source: ByteSource): boolean {
  return looksLikeKdump(source) === 'yes';
}

/** The ranges of page frames that no part has. Parts do not tell their number, only that there are at least this many. */
function missing(parts: readonly KdumpPart[], pages: number): (Gap & { name: string })[] {
  const sorted = [...parts].sort((a, b) => a.start - b.start);
  const stretches: { start: number; end: number; number: number }[] = [];
  let at = 0;
  let number = 0;
  for (const part of sorted) {
    if (part.start > at) stretches.push({ start: at, end: part.start, number: ++number });
    number++;
    at = Math.max(at, part.end);
  }
  if (at < pages) stretches.push({ start: at, end: pages, number: ++number });
  return stretches.map(({ start, end, number: n }) => {
    const name = `part ${n} of ${number}`;
    return { start, end, name, why: `in ${name}, which is missing` };
  });
}
