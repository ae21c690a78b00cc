/** A half-open range: it includes `start` but not `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Sorts the ranges, drops empty ones, and joins those that touch or overlap. */
export function unite(ranges: readonly Range[]): Range[] {
  const sorted = ranges.filter((r) => r.end > r.start).sort((a, b) => a.start - b.start);
  const out: { start: number; end: number }[] = [];
  for (const r of sorted) {
    const last = out.at(-1);
    if (last && r.start <= last.end) last.end = Math.max(last.end, r.end);
    else out.push({ start: r.start, end: r.end });
  }
  return out;
}

/** The parts that both lists cover. Both must be sorted and disjoint. */
export function intersect(a: readonly Range[], b: readonly Range[]): Range[] {
  const out: Range[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i]!;
    const y = b[j]!;
    const start = Math.max(x.start, y.start);
    const end = Math.min(x.end, y.end);
    if (start < end) out.push({ start, end });
    if (x.end < y.end) i++;
    else j++;
  }
  return out;
}

/** The number of units that the ranges cover; they must be disjoint. */
export function lengthOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, r) => sum + r.end - r.start, 0);
}

/** Index of the range that contains `at`, or of the first one after it (`ranges.length` if none). */
export function locate(ranges: readonly Range[], at: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.end <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Makes a sorted and disjoint list of pieces that may overlap. Where they do, the earlier piece in `pieces` wins. `cut`
 * makes the piece for a sub-range.
 */
export function overlay<T extends Range>(pieces: readonly T[], cut: (piece: T, range: Range) => T): T[] {
  const order = pieces
    .map((piece, rank) => ({ piece, rank }))
    .filter(({ piece }) => piece.end > piece.start)
    .sort((a, b) => a.piece.start - b.piece.start || a.rank - b.rank);
  if (order.every(({ piece }, i) => i === 0 || order[i - 1]!.piece.end <= piece.start)) {
    return order.map(({ piece }) => piece);
  }
  const cuts = [...new Set(pieces.flatMap((p) => [p.start, p.end]))].sort((a, b) => a - b);
  const out: T[] = [];
  const active: { piece: T; rank: number }[] = [];
  let next = 0;
  let lastPiece: T | undefined;
  let runStart = 0;
  const flush = (end: number): void => {
    if (lastPiece && end > runStart) out.push(cut(lastPiece, { start: runStart, end }));
  };
  for (let i = 0; i + 1 < cuts.length; i++) {
    const start = cuts[i]!;
    for (; next < order.length && order[next]!.piece.start <= start; next++) active.push(order[next]!);
    let best: { piece: T; rank: number } | undefined;
    for (let k = active.length - 1; k >= 0; k--) {
      const candidate = active[k]!;
      if (candidate.piece.end <= start) {
        active[k] = active.at(-1)!;
        active.pop();
      } else if (!best || candidate.rank < best.rank) best = candidate;
    }
    if (best?.piece !== lastPiece) {
      flush(start);
      lastPiece = best?.piece;
      runStart = start;
    }
  }
  flush(cuts.at(-1) ?? 0);
  return out;
}
