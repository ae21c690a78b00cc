import { printable } from '../core/printable.ts';
import type { ZoneSummary } from '../views/summary.ts';
import type { TopRow } from './rows.ts';

/** Rows of text below a head, each cut to the width. */
export interface Panel {
  readonly head: string;
  readonly rows: readonly string[];
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size with one decimal, e.g. `1.5 MiB`. */
export function sizeOf(bytes: number): string {
  let size = Math.abs(bytes) / 1024;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${bytes < 0 ? '-' : ''}${unit === 0 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

/** A rate with its sign, e.g. `+4 KiB/s`; a point for none. */
function rateOf(rate: number | undefined, pageBytes: number): string {
  if (rate === undefined) return '';
  const text = sizeOf(rate * pageBytes);
  if (text === '0 KiB' || text === '-0 KiB') return '.';
  return `${rate > 0 ? '+' : ''}${text}/s`;
}

/** Widths of the columns behind a name. */
const PAGES = 10;
const SIZE = 10;
const SHARE = 7;
const RATE = 14;
const GAP = 1;

/** A list of names with pages, size, share of `all` pages and rate. Narrow panels have fewer columns. */
export function listPanel(
  title: string,
  rows: readonly TopRow[],
  { all, pageBytes, width }: { all: number; pageBytes: number; width: number },
): Panel {
  const least = 12;
  const withSize = width >= least + PAGES + SIZE + GAP;
  const withRate = width >= least + PAGES + SIZE + RATE + GAP;
  const withShare = width >= least + PAGES + SIZE + RATE + SHARE + GAP;
  const rest = PAGES + (withSize ? SIZE : 0) + (withShare ? SHARE : 0) + (withRate ? RATE : 0);
  const name = Math.max(1, width - rest);
  const line = (text: string, pages: string, size: string, share: string, rate: string): string =>
    padded(text, name) +
    pages.padStart(PAGES) +
    (withSize ? size.padStart(SIZE) : '') +
    (withShare ? share.padStart(SHARE) : '') +
    (withRate ? rate.padStart(RATE) : '');
  return {
    head: line(title, 'PAGES', 'SIZE', 'SHARE', 'RATE'),
    rows: rows.map((r) =>
      line(
        printable(r.name),
        `${r.pages}`,
        sizeOf(r.pages * pageBytes),
        `${((100 * r.pages) / Math.max(1, all)).toFixed(1)}%`,
        rateOf(r.rate, pageBytes),
      ),
    ),
  };
}

/** Zones with their free pages and free blocks by order; the highest orders are added up where they do not fit. */
export function zonePanel(zones: readonly ZoneSummary[], width: number): Panel {
  const orders = Math.max(1, ...zones.map((z) => z.freeBlocks.length));
  const label = 'ZONE'.padEnd(16);
  const block = 7;
  const room = Math.max(0, Math.floor((width - label.length - PAGES * 2) / block));
  const shown = Math.min(orders, room);
  const isCut = shown < orders;
  const heads = Array.from({ length: shown }, (_, i) => `${isCut && i === shown - 1 ? '>=' : ''}O${i}`);
  const head = label + 'PAGES'.padStart(PAGES) + 'FREE'.padStart(PAGES);
  return {
    head: (head + heads.map((h) => h.padStart(block)).join('')).slice(0, width),
    rows: zones.map(({ node, zone, pages, freePages, freeBlocks }) => {
      const counts = Array.from({ length: shown }, (_, i) =>
        isCut && i === shown - 1
          ? freeBlocks.slice(i).reduce((sum, n) => sum + (n ?? 0), 0)
          : (freeBlocks[i] ?? 0),
      );
      const cells = counts.map((n) => `${Math.round(n)}`.padStart(block)).join('');
      const text = `node ${node} ${printable(zone)}`;
      return (
        padded(text, label.length) +
        `${pages}`.padStart(PAGES) +
        `${freePages}`.padStart(PAGES) +
        cells
      ).slice(0, width);
    }),
  };
}

/** Text of exactly a width; the end of what is too long is replaced by a mark. */
export function padded(text: string, width: number): string {
  if (text.length <= width) return text.padEnd(width);
  return width <= 1 ? text.slice(0, width) : `${text.slice(0, width - 1)}~`;
}
