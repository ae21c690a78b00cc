import { hex, type Pfn, type PhysAddr } from '../../core/address.ts';
import { LayoutError } from '../../core/errors.ts';
import { type Range, unite } from '../../core/ranges.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { TypeFacts } from '../../layout/type-facts.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import { PlacedPages, type PlacedRange } from '../../memmap/placed-pages.ts';
import type { Zone } from '../../memmap/zones.ts';
import { noTestimony, type Testimony, Witnesses } from './array-evidence.ts';

/** A part of the array that one entry of the page tables maps. */
interface Piece extends PlacedRange {
  /** Where its first byte is, and the number of bytes that the entry maps. */
  readonly physical: PhysAddr;
  readonly bytes: number;
}

/** Pages that are not where the page tables say, and the reasons to think so. */
export interface Misplaced {
  readonly ranges: readonly Range[];
  readonly why: readonly string[];
}

/** Number of struct pages examined together, at the start of a free block if the piece has large ones. */
const GROUP = 8;
/** Number of groups in total, and in each piece. */
const ALL_GROUPS = 1024;
const LEAST_GROUPS = 4;
const MOST_GROUPS = 32;
/** Number of struct pages in the smallest page that maps the array. */
const SMALL = 64;
/** Maximum number of pieces examined; of more pieces, this many, evenly spread. */
const MOST_PIECES = 1024;
/** Minimum number of struct pages with evidence. */
const ENOUGH = 3;
/** With this much certain evidence, spread over a piece, and none against it, the rest of the piece is not examined. */
const CLEAR = 12;
/** Maximum number of reasons listed one by one. */
const MOST_TOLD = 4;

/**
 * Checks that each piece of the array belongs to the page frames that the page tables claim. Its struct pages know their
 * own address, those of their neighbours, and their zone. No two pieces may share memory, except tails of hugetlb folios.
 * The memory of the array is neither free nor on a reclaim list. Throws LayoutError if less than half of the array passes.
 */
export function checkPlaces(
  kernel: Kernel,
  types: TypeFacts,
  model: MemoryModel,
  layout: PageLayout,
  zones: readonly Zone[],
): Misplaced {
  const lru = types.place('page', 'lru')?.offset;
  if (model.base === undefined || lru === undefined) return { ranges: [], why: [] };
  const all = piecesOf(kernel, model);
  const pages = new PlacedPages(kernel.space, all, model.pageSize, GROUP);
  const witnesses = new Witnesses(layout, model, pages, zones, lru);
  const step = Math.max(1, all.length / MOST_PIECES);
  const users = usersOf(all);
  const groups = Math.min(MOST_GROUPS, Math.max(LEAST_GROUPS, Math.floor(ALL_GROUPS / all.length)));
  const wrong: { piece: Piece; why: string }[] = [];
  let looked = 0;
  for (let i = 0; i < all.length; i += step) {
    const piece = all[Math.floor(i)]!;
    looked++;
    const why = whatIsWrong(piece, witnesses, users, model, groups);
    if (why !== undefined) wrong.push({ piece, why });
  }
  if (wrong.length * 2 > looked) {
    const { piece, why } = wrong[0]!;
    throw new LayoutError(
      'vmemmap',
      `${wrong.length} of ${looked} pieces of the page array are not what the page tables say, e.g. ${told(piece, why)}`,
      'Either the image is damaged, or the layout is of another kernel',
    );
  }
  const lines = wrong.slice(0, MOST_TOLD).map(({ piece, why }) => told(piece, why));
  if (wrong.length > MOST_TOLD)
    lines.push(`${wrong.length - MOST_TOLD} more parts of the page array are not believed`);
  return { ranges: unite(wrong.map(({ piece }) => piece)), why: lines };
}

function told({ start, end, physical }: Piece, why: string): string {
  return `the struct pages of page frames ${start} to ${end - 1}, by the page tables at physical ${hex(physical)}, are not believed: ${why}`;
}

function whatIsWrong(
  piece: Piece,
  witnesses: Witnesses,
  users: ReadonlyMap<number, number>,
  model: MemoryModel,
  mostGroups: number,
): string | undefined {
  const length = piece.end - piece.start;
  const all = Math.max(1, Math.min(mostGroups, Math.floor(length / GROUP)));
  const hear = (groups: number): Testimony => {
    const sum = noTestimony();
    for (let i = 0; i < groups; i++) {
      const start = piece.start + Math.floor((i * length) / groups);
      witnesses.hear(start, Math.min(GROUP, piece.end - start), sum);
    }
    return sum;
  };
  const few = hear(Math.min(LEAST_GROUPS, all));
  const shared = users.get(Math.floor(piece.physical / piece.bytes)) ?? 1;
  const isClear = few.sure >= CLEAR && few.own.no === 0 && few.zoned.no === 0 && shared === 1;
  const sum = isClear ? few : hear(all);
  const { own, listed, zoned } = sum;
  // neighbours count only if the pages' own contents tell too little
  if (own.yes < ENOUGH || shared > 1) witnesses.askNeighbours(sum);
  if (own.no >= ENOUGH && own.no > own.yes)
    return `${own.no} of ${own.no + own.yes} that know their place deny it`;
  // pages that swapped places also lead back to one another, except at the ends of their lists
  if (own.yes < ENOUGH && listed.no >= ENOUGH && listed.no * 4 > listed.yes)
    return `${listed.no} of ${listed.no + listed.yes} have neighbours on a list that do not lead back to them`;
  if (zoned.no >= ENOUGH && zoned.no > 4 * zoned.yes)
    return `${zoned.no} of ${zoned.no + zoned.yes} are of a zone that is elsewhere`;
  const frame = Math.floor(piece.physical / 2 ** model.pageShift);
  if (witnesses.isLoose(frame))
    return `the struct page of page frame ${frame} says that nothing of the kernel is there`;
  // tails of a hugetlb folio may share a page of the array, which is then a small page
  const mayShare = length <= SMALL && own.no === 0 && zoned.no === 0;
  if (shared > 1 && !mayShare && own.yes + listed.yes <= own.no + listed.no)
    return 'another part of the array is said to be there, too';
  return undefined;
}

/** Number of pieces of the same size at the same place. */
function usersOf(pieces: readonly Piece[]): Map<number, number> {
  const users = new Map<number, number>();
  for (const { physical, bytes } of pieces) {
    const at = Math.floor(physical / bytes);
    users.set(at, (users.get(at) ?? 0) + 1);
  }
  return users;
}

/** The pieces of the array, one for each page table entry that maps some of it. */
function piecesOf(kernel: Kernel, model: MemoryModel): Piece[] {
  const { walker } = kernel.space;
  const pieces: Piece[] = [];
  for (const { start, end, address } of model.stretches({ start: 0, end: Number.MAX_SAFE_INTEGER })) {
    const length = (end - start) * model.pageSize;
    for (let at = 0; at < length; ) {
      const here = address + BigInt(at);
      const { physical, pageSize, span } = walker.walk(here);
      const next = Math.min(length, at + span - Number(here & BigInt(span - 1)));
      const first: Pfn = start + Math.ceil(at / model.pageSize);
      const last = start + Math.floor(next / model.pageSize);
      if (physical !== undefined && last > first)
        pieces.push({
          start: first,
          end: last,
          first: physical + (first - start) * model.pageSize - at,
          physical,
          bytes: pageSize,
        });
      at = next;
    }
  }
  return pieces;
}
