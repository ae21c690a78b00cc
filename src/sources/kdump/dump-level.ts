const BITS: readonly (readonly [bit: number, what: string])[] = [
  [2, 'page cache'],
  [4, 'page cache with private data'],
  [8, 'user'],
  [16, 'free'],
];

/** A kdump does not leave out pages of zeros: all of them share one page of the file (pd_zero of makedumpfile). */
const ZERO = 1;

/** What makedumpfile's dump level left out, in words. No level leaves out struct pages, which are kernel memory. */
export function describeDumpLevel(level: number): string {
  if (level === 0) return 'nothing was to be excluded';
  const out = BITS.filter(([bit]) => level & bit).map(([, what]) => what);
  const zeros = level & ZERO ? 'pages of zeros stored once' : '';
  if (out.length === 0) return zeros ? `${zeros}, nothing excluded` : `unknown dump level ${level}`;
  const list = out.length === 1 ? out[0] : `${out.slice(0, -1).join(', ')} and ${out.at(-1)}`;
  return `${list} pages excluded${zeros ? `, ${zeros}` : ''}; struct pages complete`;
}
