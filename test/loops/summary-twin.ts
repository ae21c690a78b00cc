import type { ColumnName } from '../../src/decode/columns/registry.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import type { Column } from '../../src/table/column.ts';
import type { Summary, ZoneSummary } from '../../src/views/summary.ts';

/** Columns that a summary is made of. */
export const SUMMARY_COLUMNS: readonly ColumnName[] = [
  'flags',
  'type',
  'mapping_kind',
  'order',
  'free_order',
  'head',
  'node',
  'zone',
  'slab_cache',
];

type Coded = Extract<Column, { kind: 'name' }>;
type Numbers = Extract<Column, { kind: 'number' }>;

/** Adds the rows of a batch that has the SUMMARY_COLUMNS; a tail that names no head is none. */
export function addToSummary(
  summary: Summary,
  batch: ColumnBatch,
  rows: Uint32Array,
  isTail: (page: number) => boolean = () => false,
): void {
  const column = <T extends Column>(name: ColumnName): T => batch.columns.get(name) as T;
  const type = column<Coded>('type');
  const kind = column<Coded>('mapping_kind');
  const zone = column<Coded>('zone');
  const cache = column<Coded>('slab_cache');
  const node = column<Numbers>('node').values;
  const head = column<Numbers>('head').values;
  const order = column<Numbers>('order').values;
  const freeOrder = column<Numbers>('free_order');
  const flags = column<Extract<Column, { kind: 'set' }>>('flags');
  const reserved = flags.names.indexOf('reserved');
  const classes = new Map<number, number>();
  const caches = new Float64Array(65536);
  const sets = new Map<number, number>();
  const slab = type.names.indexOf('slab');

  for (let r = 0; r < rows.length; r++) {
    const i = rows[r]!;
    const low = flags.low[i]!;
    const t = type.codes[i]!;
    const k = kind.codes[i]!;
    const other = k === 0 ? ((low >>> reserved) & 1 ? 254 : 255) : k;
    const key = t !== 0 ? t : 256 + other;
    classes.set(key, (classes.get(key) ?? 0) + 1);
    const set = flags.high[i]! * 4294967296 + low;
    sets.set(set, (sets.get(set) ?? 0) + 1);
    const place = zoneOf(summary, node[i]!, zone.names[zone.codes[i]!] ?? `?${zone.codes[i]}`);
    place.pages++;
    if (freeOrder.empty?.[i] === 0) {
      const o = freeOrder.values[i]!;
      place.freePages++;
      place.freeBlocks[o] = (place.freeBlocks[o] ?? 0) + 1 / 2 ** o;
    } else if (head[i] === batch.start + i && order[i]! < 255 && !isTail(i)) {
      summary.folios[order[i]!] = (summary.folios[order[i]!] ?? 0) + 1;
    }
    if (t === slab) caches[cache.codes[i]!]!++;
  }
  summary.pages += rows.length;
  for (const [key, n] of classes) {
    const name =
      key < 256
        ? type.names[key]!
        : key === 511
          ? 'other'
          : key === 510
            ? 'reserved'
            : kind.names[key - 256]!;
    summary.types.set(name, (summary.types.get(name) ?? 0) + n);
  }
  for (const [set, n] of sets) {
    for (const [bit, name] of flags.names.entries()) {
      if (bit < 32 ? ((set % 4294967296) >>> bit) & 1 : (Math.floor(set / 4294967296) >>> (bit - 32)) & 1) {
        summary.flags.set(name, (summary.flags.get(name) ?? 0) + n);
      }
    }
  }
  for (const [code, known] of cache.names.entries()) {
    const name = known || '(none)';
    if (caches[code]! > 0) summary.slabCaches.set(name, (summary.slabCaches.get(name) ?? 0) + caches[code]!);
  }
}

function zoneOf(summary: Summary, node: number, zone: string): ZoneSummary {
  const key = `${node} ${zone}`;
  let entry = summary.zones.get(key);
  if (!entry) {
    entry = { node, zone, pages: 0, freePages: 0, freeBlocks: [] };
    summary.zones.set(key, entry);
  }
  return entry;
}
