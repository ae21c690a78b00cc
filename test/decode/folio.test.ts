import { describe, expect, test } from 'vitest';
import type { ColumnName } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import type { PageReader, RawPages } from '../../src/memmap/page-reader.ts';
import { sparseModel } from '../../src/memmap/sparse.ts';
import { setText } from '../../src/table/cells.ts';
import type { Column } from '../../src/table/column.ts';
import { KERNELS, layoutOf } from './layouts.ts';

const BASE = 0xffffea0000000000n;
const ANON_VMA = 0xffff888001234561n;

/** Struct pages written by hand: `set(pfn, { flags: ['head'], ... })` over pages that are all free of anything. */
class Pages {
  readonly layout: PageLayout;
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(layout: PageLayout, count: number) {
    this.layout = layout;
    this.bytes = new Uint8Array(count * 64);
    this.#view = new DataView(this.bytes.buffer);
    for (let pfn = 0; pfn < count; pfn++) this.#view.setInt32(pfn * 64 + layout.offsets.mapcount, -1, true);
  }

  set(
    pfn: number,
    values: {
      flags?: string[];
      link?: bigint;
      mapping?: bigint;
      word?: number;
      refcount?: number;
      private?: bigint;
      raw?: number;
    },
  ): this {
    const { offsets, flags } = this.layout;
    const at = pfn * 64;
    let low = values.raw ?? 0;
    for (const name of values.flags ?? []) low |= 1 << flags.bits.get(name)!;
    this.#view.setUint32(at + offsets.flags, low >>> 0, true);
    if (values.link !== undefined) this.#view.setBigUint64(at + offsets.compound, values.link, true);
    if (values.mapping !== undefined) this.#view.setBigUint64(at + offsets.mapping, values.mapping, true);
    if (values.word !== undefined) this.#view.setUint32(at + offsets.mapcount, values.word >>> 0, true);
    if (values.refcount !== undefined) this.#view.setInt32(at + offsets.refcount, values.refcount, true);
    if (values.private !== undefined) this.#view.setBigUint64(at + offsets.private, values.private, true);
    return this;
  }

  byte(at: number, value: number): this {
    this.bytes[at] = value;
    return this;
  }

  decode(columns: ColumnName[]): (pfn: number) => string[] {
    const count = this.bytes.length / 64;
    const model = sparseModel(
      {
        list: [{ number: 0, base: BASE, pfns: [{ start: 0, end: 32768 }], online: [] }],
        sectionSizeBits: 27,
        maxPhysicalBits: 46,
        from: 'test',
        lost: [],
      },
      64,
      12,
      true,
    );
    const raw: RawPages = {
      start: 0,
      count,
      bytes: this.bytes,
      states: new Uint8Array(count),
      readable: count,
    };
    const reader = { model, read: () => ({ ...raw, readable: 0 }) } as unknown as PageReader;
    const caches = { names: [''], code: () => 0 } as unknown as ConstructorParameters<typeof Decoder>[2];
    const batch = new Decoder(this.layout, reader, caches, columns).decode(raw);
    return (pfn) => columns.map((name) => cell(batch.columns.get(name)!, pfn));
  }
}

function cell(column: Column, i: number): string {
  if (column.kind === 'name') return column.names[column.codes[i]!]!;
  if (column.kind === 'set') return setText(column.low[i]!, column.high[i]!, column.names);
  if (column.empty?.[i]) return '';
  return column.kind === 'number' ? String(column.values[i]) : '';
}

const pointer = (pfn: number): bigint => BASE + BigInt(pfn * 64) + 1n;

describe('folios', () => {
  test('6.12: tails by pointer share order, kind and nothing of the order byte', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const pages = new Pages(layout, 64).set(8, {
      flags: ['head', 'uptodate', 'swapbacked'],
      mapping: ANON_VMA,
    });
    pages.set(9, { link: pointer(8), raw: 3, flags: ['workingset'] });
    for (let pfn = 10; pfn < 16; pfn++) pages.set(pfn, { link: pointer(8) });
    const row = pages.decode(['head', 'order', 'mapping_kind', 'flags']);
    expect(row(8)).toEqual(['8', '3', 'anon', 'uptodate|head|swapbacked']);
    expect(row(9)).toEqual(['8', '3', 'anon', 'large_rmappable']);
    expect(row(15)).toEqual(['8', '3', 'anon', '']);
    expect(row(16)).toEqual(['16', '0', 'none', '']);
  });

  test('7.2: a mask in a tail names the head by the page it lies in', () => {
    const layout = layoutOf(KERNELS['7.2']);
    const pages = new Pages(layout, 2048).set(512, { flags: ['head'], word: 0xf4000000, mapping: ANON_VMA });
    for (let pfn = 513; pfn < 1024; pfn++)
      pages.set(pfn, { link: 0xffffffffffff8001n, raw: pfn === 513 ? 9 : 0 });
    const row = pages.decode(['head', 'order', 'type', 'mapping_kind']);
    for (const pfn of [512, 513, 700, 1023]) expect(row(pfn)).toEqual(['512', '9', 'hugetlb', 'anon']);
    expect(row(1024)).toEqual(['1024', '0', '', 'none']);
  });

  test('6.1: a fake head of the vmemmap optimisation is a tail, and its flags are not its own', () => {
    const layout = layoutOf(KERNELS['6.1']);
    const pages = new Pages(layout, 1024);
    for (let pfn = 512; pfn < 1024; pfn++) {
      if (pfn % 64 === 0) pages.set(pfn, { flags: ['head', 'uptodate'] });
      else pages.set(pfn, { link: pointer(512) });
    }
    pages.byte(512 * 64 + 80, 2).byte(512 * 64 + 81, 9);
    const row = pages.decode(['head', 'order', 'type', 'flags']);
    expect(row(512)).toEqual(['512', '9', 'hugetlb', 'uptodate|head']);
    expect(row(576)).toEqual(['512', '9', 'hugetlb', '']);
    expect(row(577)).toEqual(['512', '9', 'hugetlb', '']);
  });

  test('all pages of a free block are buddy, up to its end', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const pages = new Pages(layout, 64).set(16, { word: 0xf0000000, private: 3n }).set(24, { refcount: 1 });
    const row = pages.decode(['type', 'free_order', 'order', 'mapcount']);
    expect(row(16)).toEqual(['buddy', '3', '0', '']);
    expect(row(23)).toEqual(['buddy', '3', '0', '0']);
    expect(row(24)).toEqual(['', '', '0', '0']);
  });

  test('a head that cannot be read leaves the order empty', () => {
    const pages = new Pages(layoutOf(KERNELS['6.12']), 64).set(0, { link: pointer(4096) });
    expect(pages.decode(['head', 'order'])(0)).toEqual(['4096', '']);
  });

  test('a page of a large folio may be exclusive by itself', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const pages = new Pages(layout, 16)
      .set(8, { flags: ['head', 'owner_2', 'swapbacked'], mapping: ANON_VMA })
      .set(9, { link: pointer(8), flags: ['owner_2'], raw: 3 })
      .set(10, { link: pointer(8), flags: ['owner_2', 'owner_priv_1'] })
      .set(11, { link: pointer(8) });
    const row = pages.decode(['flags']);
    expect([8, 9, 10, 11].map((pfn) => row(pfn)[0])).toEqual([
      'head|swapbacked|anon_exclusive',
      'anon_exclusive',
      'owner_priv_1|anon_exclusive',
      '',
    ]);
  });

  test('bits go by the name that they have on such a page', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const file = 0xffff888001234560n;
    const pages = new Pages(layout, 8)
      .set(0, { flags: ['owner_priv_1', 'swapbacked'], mapping: ANON_VMA })
      .set(1, { flags: ['owner_priv_1'], mapping: file })
      .set(2, { flags: ['owner_2'], mapping: ANON_VMA })
      .set(3, { flags: ['owner_2', 'reclaim'], mapping: file })
      .set(4, { flags: ['uptodate'], word: 0xf0000000 })
      .set(5, { flags: ['owner_2'] });
    const row = pages.decode(['flags']);
    expect([0, 1, 2, 3, 4, 5].map((pfn) => row(pfn)[0])).toEqual([
      'swapbacked|swapcache',
      'checked',
      'anon_exclusive',
      'mappedtodisk|readahead',
      'reported',
      'owner_2',
    ]);
  });
});
