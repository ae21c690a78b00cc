import { type Folios, UNKNOWN_ORDER } from '../../src/decode/folios.ts';
import { MAPPING_KINDS } from '../../src/decode/mapping.ts';
import { pageTypeDecoder } from '../../src/decode/page-type.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import type { PageReader, RawPages } from '../../src/memmap/page-reader.ts';
import type { NumberColumn } from '../../src/table/column.ts';

type Name = 'folio_mapcount' | 'pincount' | 'nr_pages' | 'is_head' | 'is_tail';

/** Counts of the folio of each page, page by page, each folio read anew. */
export function folioCounts(
  name: Name,
  raw: RawPages,
  folios: Folios,
  layout: PageLayout,
  reader: PageReader,
): NumberColumn {
  const values = new Int32Array(raw.count);
  const empty = new Uint8Array(raw.count);
  const types = pageTypeDecoder(layout);
  for (let i = 0; i < raw.count; i++) {
    const count = raw.states[i] === 0 ? countOf(name, raw, i, folios, layout, reader) : undefined;
    // what reads as a type is no count
    if (count === undefined || types.isTyped((count - 1) | 0)) empty[i] = 1;
    else values[i] = count;
  }
  return { kind: 'number', values, empty };
}

function countOf(
  name: Name,
  raw: RawPages,
  i: number,
  folios: Folios,
  layout: PageLayout,
  reader: PageReader,
): number | undefined {
  const { offsets, size, flags, folio } = layout;
  const types = pageTypeDecoder(layout);
  const isTail = folios.place[i] !== 0;
  const own = new DataView(raw.bytes.buffer, raw.bytes.byteOffset + i * size, size);
  const has = (word: number, flag: string): boolean => {
    const bit = flags.bits.get(flag);
    return bit !== undefined && ((word >>> bit) & 1) === 1;
  };
  const isLarge = isTail || has(own.getInt32(offsets.flags, true), 'head');
  if (name === 'is_tail') return Number(isTail);
  if (name === 'is_head') return Number(isLarge && !isTail);
  const order = folios.order[i]!;
  if (order === UNKNOWN_ORDER) return undefined;
  const pages = 2 ** order;
  if (name === 'nr_pages') return pages;
  const type = folios.type[i]!;
  const isHuge = type !== 0 && type === types.hugetlb;
  const read = (wanted: number): DataView | undefined => {
    const { bytes, readable } = isLarge
      ? reader.read(folios.head[i]!, wanted)
      : reader.read(raw.start + i, 1);
    return readable < (isLarge ? wanted : 1) ? undefined : new DataView(bytes.buffer, bytes.byteOffset);
  };
  if (name === 'pincount') {
    const at = folio.pincount;
    const needed = at === undefined ? 1 : Math.floor(at / size) + 1;
    const hasCount = isLarge && at !== undefined && needed <= pages;
    const view = read(hasCount ? needed : 1);
    if (!view || (!isHuge && (type !== 0 || types.isTyped(view.getInt32(offsets.mapcount, true)))))
      return undefined;
    return hasCount ? view.getInt32(at, true) : Math.max(0, view.getInt32(offsets.refcount, true)) >> 10;
  }
  if (!isLarge) {
    const word = own.getInt32(offsets.mapcount, true);
    const isMovable = MAPPING_KINDS[folios.kind[i]!] === 'movable' && word >= 0;
    return types.isTyped(word) || isMovable ? undefined : word + 1;
  }
  const view = read(2);
  if (!view || (!isHuge && (type !== 0 || types.isTyped(view.getInt32(offsets.mapcount, true)))))
    return undefined;
  if (folio.largeMapcount !== undefined) return view.getInt32(folio.largeMapcount, true) + 1;
  const entire = folio.entireMapcount === undefined ? 0 : view.getInt32(folio.entireMapcount, true) + 1;
  if (isHuge) return entire;
  const all = order > 14 ? undefined : read(pages);
  if (!all) return undefined;
  let sum = entire;
  for (let page = 0; page < pages; page++) sum += all.getInt32(page * size + offsets.mapcount, true) + 1;
  if (folio.nrPagesMapped !== undefined) return sum;
  if ((view.getInt32(offsets.mapping, true) & 1) === 0) return sum - entire * pages;
  return has(view.getInt32(size + offsets.flags, true), 'double_map') ? sum - pages : sum;
}
