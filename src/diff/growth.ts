/** A number of pages in each stop. */
export interface Part {
  readonly name: string;
  /** Pages in each stop, in order. */
  readonly pages: readonly number[];
}

/** What changed in size, by the values of a column. */
export interface Growth {
  /** The column: class, type, slab_cache, call_site, file, process or memcg. */
  readonly by: string;
  /** Parts whose size in the last stop differs from that in the first, largest growth first. */
  readonly parts: readonly Part[];
}

/** By how many pages a part grew from the first stop to the last; negative if it shrank. */
export function grownBy({ pages }: Part): number {
  return pages.at(-1)! - pages[0]!;
}

/** Whether it never shrank from one stop to the next, and grew. */
export function isMonotonic(part: Part): boolean {
  return grownBy(part) > 0 && part.pages.every((n, i) => i === 0 || n >= part.pages[i - 1]!);
}

/** The name of a process with its id, as the column `process` has it. */
const PROCESS = /^(.*)\[\d+\]$/s;

/**
 * What grew and what shrank. Pages that several processes map count for each. Process ids mean nothing to another boot:
 * `withIds` is then false, and processes of one name are added up.
 */
export function growthOf(by: string, parts: readonly Part[], withIds = true): Growth {
  const named = parts.filter((p) => p.name !== '');
  const whole = by === 'process' ? perProcess(named, withIds) : named;
  return {
    by,
    parts: whole
      .filter((p) => grownBy(p) !== 0)
      .sort((a, b) => grownBy(b) - grownBy(a) || (a.name < b.name ? -1 : 1)),
  };
}

function perProcess(parts: readonly Part[], withIds: boolean): Part[] {
  const sums = new Map<string, number[]>();
  for (const { name, pages } of parts) {
    const mappers = name.split(', ').map((p) => (withIds ? p : (PROCESS.exec(p)?.[1] ?? p)));
    for (const mapper of new Set(mappers)) {
      const sum = sums.get(mapper);
      if (sum) for (const [i, n] of pages.entries()) sum[i]! += n;
      else sums.set(mapper, [...pages]);
    }
  }
  return [...sums].map(([name, pages]) => ({ name, pages }));
}
