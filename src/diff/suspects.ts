import { grownBy, isMonotonic, type Part } from './growth.ts';
import type { Hand } from './hands.ts';

/** The pages of one owner in all stops. */
export interface HeldPages extends Hand {
  readonly pages: readonly number[];
  /** Pages that it had in one stop and not in the next, summed over the stops. */
  readonly lost: number;
  /** Pages that it had in all stops. */
  readonly through: number;
}

/** An owner whose pages may be leaked. */
export interface Suspect extends HeldPages {
  /** Pages in the last stop less those in the first. */
  readonly growth: number;
  /** The part of its pages that it still had at the next stop, from 0 to 1. */
  readonly kept: number;
  /** Whether it never shrank. */
  readonly isMonotonic: boolean;
  /** Whether the kernel can drop its pages when it needs them: page cache. */
  readonly isCache: boolean;
}

/** Uses of pages that nobody holds. */
const FREE: ReadonlySet<string> = new Set(['free_buddy', 'free_pcp', 'hugetlb_free', 'hole', 'buddy']);
/** Page cache: the class of pages of files, or their kind of mapping. */
const CACHE = 'file';

/**
 * Owners that grew, most suspicious first: those who never shrank before others, page cache last, and then by growth, each
 * page less that the owner gives up again. A cache that is merely busy grows, but its pages change hands.
 */
export function suspectsOf(held: readonly HeldPages[]): Suspect[] {
  return held
    .filter((h) => h.use !== '' && !FREE.has(h.use))
    .map((h) => {
      const part: Part = { name: h.owner, pages: h.pages };
      const had = h.pages.slice(0, -1).reduce((sum, n) => sum + n, 0);
      return {
        ...h,
        growth: grownBy(part),
        kept: had === 0 ? 1 : 1 - h.lost / had,
        isMonotonic: isMonotonic(part),
        isCache: h.use === CACHE,
      };
    })
    .filter((s) => s.growth > 0)
    .sort(
      (a, b) =>
        Number(a.isCache) - Number(b.isCache) ||
        Number(b.isMonotonic) - Number(a.isMonotonic) ||
        b.growth * b.kept - a.growth * a.kept ||
        compareText(`${a.use} ${a.owner}`, `${b.use} ${b.owner}`),
    );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
