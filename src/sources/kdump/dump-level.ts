const BITS: readonly (readonly [bit: number, what: string])[] = [
  [1, 'zero'],
  [2, 'page cache'],
  [4, 'page cache with private data'],
  [8, 'user'],
  [16, 'free'],
];

/**
 * What makedumpfile's dump level left out, in words. Struct pages are kernel memory that no level leaves out; but a
 * page of them that holds zeros only is a page of zeros.
 */
export function describeDumpLevel(level: number): string {
  if (level === 0) return 'nothing excluded';
  const out = BITS.filter(([bit]) => level & bit).map(([, what]) => what);
  if (out.length === 0) return `unknown dump level ${level}`;
  const list = out.length === 1 ? out[0] : `${out.slice(0, -1).join(', ')} and ${out.at(-1)}`;
  return `${list} pages excluded; struct pages complete${level & 1 ? ' (but for those that lie in pages of zeros)' : ''}`;
}
