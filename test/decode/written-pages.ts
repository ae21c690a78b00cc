import type { ColumnName } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import type { PageReader, RawPages } from '../../src/memmap/page-reader.ts';
import { sparseModel } from '../../src/memmap/sparse.ts';
import { setText } from '../../src/table/cells.ts';
import type { Column } from '../../src/table/column.ts';

export const BASE = 0xffffea0000000000n;
export const ANON_VMA = 0xffff888001234561n;

/** Struct pages written by hand: `set(pfn, { flags: ['head'], ... })` over pages that are all free of anything. */
export class Pages {
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

export const pointer = (pfn: number): bigint => BASE + BigInt(pfn * 64) + 1n;
