import type { Facts } from '../lanes.ts';
import { type MapValue, NOT_KNOWN, type Shade } from './map-value.ts';

/** Orders above this have the strongest colour. */
const LARGEST_ORDER = 10;

const IN_USE = /^order (\d+)$/;
const FREE = /^free, order (\d+)$/;

export const byOrder: MapValue = {
  name: 'order',
  help: 'order of the folio, or of the free block',
  columns: ['type', 'order', 'free_order'],
  label(page: Facts): string {
    const free = page.number('free_order');
    if (free !== undefined) return `free, order ${free}`;
    const order = page.number('order');
    return order === undefined ? NOT_KNOWN : `order ${order}`;
  },
  shade(label): Shade | undefined {
    const used = IN_USE.exec(label)?.[1];
    const order = Number(used ?? FREE.exec(label)?.[1] ?? Number.NaN);
    if (Number.isNaN(order)) return undefined;
    const at = Math.min(1, order / LARGEST_ORDER);
    return used === undefined
      ? { scale: 'free', at, rank: 1000 + order }
      : { scale: 'used', at, rank: order };
  },
};

/** Reference counts are shown one by one up to this, then by powers of two. */
const EXACT = 3;

export const byRefcount: MapValue = {
  name: 'refcount',
  help: 'reference count',
  columns: ['refcount'],
  label(page: Facts): string {
    const count = page.number('refcount');
    if (count === undefined) return NOT_KNOWN;
    if (count < 0) return 'below 0';
    if (count <= EXACT) return `${count}`;
    const low = 2 ** Math.floor(Math.log2(count));
    return `${low} to ${2 * low - 1}`;
  },
  shade(label): Shade | undefined {
    const count = Number(/^\d+/.exec(label)?.[0] ?? Number.NaN);
    if (Number.isNaN(count)) return undefined;
    if (count === 0) return { scale: 'free', at: 0.2, rank: 0 };
    return { scale: 'used', at: Math.min(1, Math.log2(count) / 10), rank: count };
  },
};
