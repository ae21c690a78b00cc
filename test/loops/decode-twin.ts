import type { Pfn } from '../../src/core/address.ts';
import { PageColumns } from '../../src/decode/columns/page-columns.ts';
import type { ColumnName } from '../../src/decode/columns/registry.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import { flagRules } from '../../src/decode/flag-names.ts';
import { type Folios, NOT_FREE, UNKNOWN_ORDER } from '../../src/decode/folios.ts';
import { MAPPING_KINDS } from '../../src/decode/mapping.ts';
import type { SlabCaches } from '../../src/decode/slab-caches.ts';
import type { FlagField } from '../../src/layout/flag-fields.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import type { MemoryModel } from '../../src/memmap/memory-model.ts';
import { PAGE_STATES, type PageReader, type RawPages } from '../../src/memmap/page-reader.ts';
import type { Column } from '../../src/table/column.ts';
import { type FlagNames, resolveFlags } from './flag-twin.ts';
import { folioCounts } from './folio-counts-twin.ts';
import { FolioPass } from './folio-twin.ts';

/** Decodes columns page by page, in plain TypeScript. */
export class DecoderTwin {
  readonly layout: PageLayout;
  readonly reader: PageReader;
  readonly model: MemoryModel;
  readonly folioPass: FolioPass;
  readonly #caches: SlabCaches;
  readonly #names: FlagNames;
  readonly #pagesPerSection: number;
  readonly #onlineSections: ReadonlySet<number>;

  constructor(layout: PageLayout, reader: PageReader, caches: SlabCaches) {
    this.layout = layout;
    this.reader = reader;
    this.model = reader.model;
    this.#caches = caches;
    this.folioPass = new FolioPass(layout, reader.model, caches, headReader(reader));
    const types = this.folioPass.types.names;
    // the names alone say which bit of a set is which
    this.#names = { names: flagRules(layout, types).names, kinds: MAPPING_KINDS, types };
    this.#pagesPerSection = reader.model.pagesPerSection;
    const online = reader.model.sections.list.filter((s) => s.online.length > 0);
    this.#onlineSections = new Set(online.map((s) => s.number));
  }

  decode(raw: RawPages, names: readonly ColumnName[]): ColumnBatch {
    const folios = this.folioPass.run(raw);
    const columns = new PageColumns();
    for (const name of names) columns.set(name, this.#column(name, raw, folios));
    return { start: raw.start, count: raw.count, columns, states: raw.states };
  }

  #column(name: ColumnName, raw: RawPages, f: Folios): Column {
    const { offsets, fields, zones } = this.layout;
    const { start, count } = raw;
    switch (name) {
      case 'pfn':
        return { kind: 'number', values: Float64Array.from({ length: count }, (_, i) => start + i) };
      case 'section':
        return {
          kind: 'number',
          values: Float64Array.from({ length: count }, (_, i) =>
            Math.floor((start + i) / this.#pagesPerSection),
          ),
        };
      case 'section_online':
        return {
          kind: 'name',
          codes: Uint8Array.from({ length: count }, (_, i) =>
            Number(this.#onlineSections.has(Math.floor((start + i) / this.#pagesPerSection))),
          ),
          names: ['offline', 'online'],
        };
      case 'phys':
        return addresses(count, start * 2 ** this.model.pageShift, 2 ** this.model.pageShift);
      case 'page':
        return this.#pageAddresses(start, count);
      case 'flags_raw':
        return this.#words(raw, offsets.flags);
      case 'mapping':
        return this.#words(raw, offsets.mapping);
      case 'index':
        return this.#words(raw, offsets.index);
      case 'private':
        return this.#words(raw, offsets.private);
      case 'lru_next':
        return this.#words(raw, offsets.lru);
      case 'lru_prev':
        return this.#words(raw, offsets.lru + 8);
      case 'memcg_data':
        if (offsets.memcg === undefined) {
          const none = new Uint32Array(count);
          return { kind: 'word', low: none, high: none, empty: new Uint8Array(count).fill(1) };
        }
        return this.#words(raw, offsets.memcg);
      case 'refcount':
        return { kind: 'number', values: this.#ints(raw, offsets.refcount) };
      case 'mapcount_raw':
        return { kind: 'number', values: this.#ints(raw, offsets.mapcount) };
      case 'mapcount':
        return this.#mapcounts(raw, f);
      case 'folio_mapcount':
      case 'pincount':
      case 'nr_pages':
      case 'is_head':
      case 'is_tail':
        return folioCounts(name, raw, f, this.layout, this.reader);
      case 'node':
        return { kind: 'number', values: this.#field(raw, fields.node) };
      case 'zone':
        return { kind: 'name', codes: Uint8Array.from(this.#field(raw, fields.zone)), names: zones };
      case 'last_cpupid': {
        const values = this.#field(raw, fields.lastCpupid);
        return fields.lastCpupid.width > 0
          ? { kind: 'number', values }
          : { kind: 'number', values, empty: new Uint8Array(count).fill(1) };
      }
      case 'head':
        return { kind: 'number', values: f.head };
      case 'order':
        return { kind: 'number', values: f.order, empty: f.order.map((o) => (o === UNKNOWN_ORDER ? 1 : 0)) };
      case 'free_order':
        return {
          kind: 'number',
          values: f.freeOrder,
          empty: f.freeOrder.map((o) => (o === NOT_FREE ? 1 : 0)),
        };
      case 'type':
        return { kind: 'name', codes: f.type, names: this.folioPass.types.names };
      case 'mapping_kind':
        return { kind: 'name', codes: f.kind, names: MAPPING_KINDS };
      case 'slab_cache':
        return { kind: 'name', codes: f.cache, names: this.#caches.names };
      case 'flags':
        return this.#flags(raw, f);
      case 'file':
      case 'memcg':
      case 'inode':
      case 'process':
      case 'pids':
      case 'vaddr':
      case 'call_site':
      case 'owner':
      case 'class':
      case 'subclass':
      case 'refs_expected':
      case 'refs_unexplained':
      case 'kpageflags':
      case 'kpagecount':
        throw new Error(`${name} is not decoded by a kernel`);
      case 'state':
        return { kind: 'name', codes: raw.states, names: PAGE_STATES };
    }
  }

  #words(raw: RawPages, offset: number): Column {
    const { words, stride } = wordsOf(raw, this.layout.size);
    const low = new Uint32Array(raw.count);
    const high = new Uint32Array(raw.count);
    for (let i = 0, at = offset >>> 2; i < raw.count; i++, at += stride) {
      low[i] = words[at]!;
      high[i] = words[at + 1]!;
    }
    return { kind: 'word', low, high };
  }

  #ints(raw: RawPages, offset: number): Int32Array {
    const { words, stride } = wordsOf(raw, this.layout.size);
    const values = new Int32Array(raw.count);
    for (let i = 0, at = offset >>> 2; i < raw.count; i++, at += stride) values[i] = words[at]!;
    return values;
  }

  /** A field of the upper half of flags (all fields lie in bits 24 to 63). */
  #field(raw: RawPages, field: FlagField): Uint32Array {
    const { words, stride } = wordsOf(raw, this.layout.size);
    const values = new Uint32Array(raw.count);
    if (field.width === 0) return values;
    const mask = 2 ** field.width - 1;
    for (let i = 0, at = this.layout.offsets.flags >>> 2; i < raw.count; i++, at += stride) {
      const high = words[at + 1]!;
      // a field that begins below bit 32 takes its low bits from the lower half
      values[i] =
        field.shift >= 32
          ? (high >>> (field.shift - 32)) & mask
          : ((words[at]! >>> field.shift) | (high << (32 - field.shift))) & mask;
    }
    return values;
  }

  #mapcounts(raw: RawPages, folios: Folios): Column {
    const { offsets, folio, flags, size } = this.layout;
    const { types } = this.folioPass;
    const own = this.#ints(raw, offsets.mapcount);
    const values = Int32Array.from(own, (word) => word + 1);
    const empty = Uint8Array.from(own, (word) => Number(types.isTyped(word)));
    const has = (word: number, name: string): boolean => {
      const bit = flags.bits.get(name);
      return bit !== undefined && ((word >>> bit) & 1) === 1;
    };
    const ownFlags = this.#ints(raw, offsets.flags);
    for (let i = 0; i < raw.count; i++) {
      const place = folios.place[i]!;
      if (raw.states[i] !== 0) continue;
      if (place === 0 && !has(ownFlags[i]!, 'head')) {
        if (MAPPING_KINDS[folios.kind[i]!] === 'movable' && own[i]! >= 0) empty[i] = 1;
        continue;
      }
      const { bytes, readable } = this.reader.read(folios.head[i]!, 2);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      // an int of the kernel wraps around
      const count = (at: number | undefined): number =>
        at === undefined ? 0 : (view.getInt32(at, true) + 1) | 0;
      const entire = count(folio.entireMapcount);
      const isHuge = folios.type[i] !== 0 && folios.type[i] === types.hugetlb;
      const counted = folio.nrPagesMapped !== undefined;
      const isAnon = (view.getInt32(offsets.mapping, true) & 1) === 1;
      if (readable < 2) empty[i] = 1;
      else if (isHuge) {
        values[i] = entire;
        empty[i] = Number(types.isTyped((entire - 1) | 0));
      } else if (empty[i] === 1) continue;
      else if (counted || isAnon) {
        const twice = !counted && has(view.getInt32(size + offsets.flags, true), 'double_map');
        values[i] = own[i]! + 1 + entire - Number(twice);
        // no page is counted by itself where parts are mapped and none is counted
        const parts = counted && folio.largeMapcount !== undefined && count(folio.largeMapcount) > entire;
        const none = parts && count(folio.nrPagesMapped) === 1;
        empty[i] = Number(none || types.isTyped((values[i]! - 1) | 0));
      }
    }
    return { kind: 'number', values, empty };
  }

  #flags(raw: RawPages, folios: Folios): Column {
    const { words, stride } = wordsOf(raw, this.layout.size);
    const low = new Uint32Array(raw.count);
    const high = new Uint32Array(raw.count);
    for (let i = 0, at = this.layout.offsets.flags >>> 2; i < raw.count; i++, at += stride) {
      if (raw.states[i] !== 0) continue;
      const word = (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]!);
      const set = resolveFlags(this.layout, this.#names, word, folios, i);
      low[i] = Number(set & 0xffffffffn);
      high[i] = Number(set >> 32n);
    }
    return { kind: 'set', low, high, names: this.#names.names };
  }

  #pageAddresses(start: Pfn, count: number): Column {
    const low = new Uint32Array(count);
    const high = new Uint32Array(count);
    for (let i = 0; i < count; ) {
      // addresses run on within a section at least; one bigint for each stretch of them
      const end = Math.min(count, i + this.#pagesPerSection - ((start + i) % this.#pagesPerSection));
      const address = this.model.addressOf(start + i);
      if (address !== undefined) {
        let l = Number(address & 0xffffffffn);
        let h = Number(address >> 32n);
        for (; i < end; i++) {
          low[i] = l;
          high[i] = h;
          l += this.model.pageSize;
          if (l > 0xffffffff) {
            l -= 0x100000000;
            h++;
          }
        }
      }
      i = end;
    }
    return { kind: 'word', low, high };
  }
}

function wordsOf(raw: RawPages, size: number): { words: Uint32Array; stride: number } {
  const stride = size >>> 2;
  return { words: new Uint32Array(raw.bytes.buffer, raw.bytes.byteOffset, raw.count * stride), stride };
}

function addresses(count: number, first: number, step: number): Column {
  const low = new Uint32Array(count);
  const high = new Uint32Array(count);
  for (let i = 0, at = first; i < count; i++, at += step) {
    low[i] = at % 4294967296;
    high[i] = at / 4294967296;
  }
  return { kind: 'word', low, high };
}

/** Heads that lie outside of a batch are read one by one; there is one a batch at most unless memory is corrupt. */
function headReader(reader: PageReader): (head: Pfn) => Uint32Array | undefined {
  return (head) => {
    const raw = reader.read(head, 2);
    if (raw.readable < 2) return undefined;
    return wordsOf(raw, reader.model.pageSize).words;
  };
}
