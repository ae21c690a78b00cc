import type { Inspector } from '../../src/index.ts';
import { findBtf } from '../../src/kernel/find-btf.ts';
import { readZones } from '../../src/memmap/zones.ts';

/** Bytes of a capture that structpage reads to find out where struct pages are and what they mean. */
export interface Place {
  readonly part: string;
  /** What these bytes are, e.g. `offset of page.index`. */
  readonly what: string;
  /** In the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** Where physical memory is in an ELF file. */
function offsets(file: Uint8Array): (physical: number) => number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const loads: { start: number; end: number; at: number }[] = [];
  for (let i = 0; i < view.getUint16(56, true); i++) {
    const header = Number(view.getBigUint64(32, true)) + i * 56;
    if (view.getUint32(header, true) !== 1) continue;
    const start = Number(view.getBigUint64(header + 24, true));
    const length = Number(view.getBigUint64(header + 32, true));
    loads.push({ start, end: start + length, at: Number(view.getBigUint64(header + 8, true)) });
  }
  return (physical) => {
    const load = loads.find((l) => physical >= l.start && physical < l.end);
    if (!load) throw new Error(`physical 0x${physical.toString(16)} is not in the file`);
    return load.at + physical - load.start;
  };
}

/** Where the kernel's virtual memory is in an ELF file. */
export function virtualOffsets({ kernel }: Inspector, file: Uint8Array): (address: bigint) => number {
  const physicalAt = offsets(file);
  return (address) => physicalAt(kernel.space.walker.translate(address));
}

/** All places of a capture that are to be damaged, by part. */
export function placesOf(inspector: Inspector, file: Uint8Array): Place[] {
  const physicalAt = offsets(file);
  const virtualAt = virtualOffsets(inspector, file);
  return [
    ...tablePlaces(inspector, physicalAt),
    ...sectionPlaces(inspector, virtualAt),
    ...vmcoreinfoPlaces(inspector, file),
    ...zonePlaces(inspector, virtualAt),
    ...btfPlaces(inspector, virtualAt, file),
  ];
}

/** Every entry of the page tables on the way to the array. */
function tablePlaces({ kernel, model }: Inspector, physicalAt: (p: number) => number): Place[] {
  const seen = new Map<number, string>();
  for (const { start, end, address } of model.stretches({ start: 0, end: Number.MAX_SAFE_INTEGER })) {
    for (let at = 0; at < (end - start) * model.pageSize; at += 4096) {
      const { steps, pageSize } = kernel.space.walker.walk(address + BigInt(at));
      for (const { level, at: entry } of steps) seen.set(entry, level);
      if (pageSize > 4096) at += pageSize - 4096 - (at % pageSize);
    }
  }
  return [...seen].map(([entry, level]) => ({
    part: 'page tables',
    what: `entry of ${level}`,
    offset: physicalAt(entry),
    bytes: 8,
  }));
}

function sectionPlaces({ kernel, types, model }: Inspector, virtualAt: (v: bigint) => number): Place[] {
  const table = kernel.symbol('mem_section')!;
  const size = types.structSize('mem_section')!;
  const per = 4096 / size;
  const places: Place[] = [];
  for (const { number } of model.sections.list) {
    const root = table + BigInt(Math.floor(number / per) * 8);
    const section = kernel.space.readWord(root) + BigInt((number % per) * size);
    places.push({ part: 'mem_section', what: 'root', offset: virtualAt(root), bytes: 8 });
    for (const member of ['section_mem_map', 'usage']) {
      const at = types.place('mem_section', member);
      if (at)
        places.push({
          part: 'mem_section',
          what: member,
          offset: virtualAt(section + BigInt(at.offset)),
          bytes: 8,
        });
    }
  }
  return places;
}

/** The lines of VMCOREINFO that are used, key and value. */
const USED =
  /^(OSRELEASE|BUILD-ID|PAGESIZE|KERNELOFFSET|SYMBOL\((swapper_pg_dir|_stext|mem_section|vmemmap|node_data|init_uts_ns|kallsyms_\w+)\)|NUMBER\((phys_base|pgtable_l5_enabled|sme_mask|SECTION_SIZE_BITS|MAX_PHYSMEM_BITS|PG_\w+|PAGE_\w+)\)|LENGTH\((mem_section|node_data)\)|SIZE\((page|mem_section|zone|pglist_data|nodemask_t)\)|OFFSET\(page\.\w+\))=/;

function vmcoreinfoPlaces({ kernel }: Inspector, file: Uint8Array): Place[] {
  const text = kernel.vmcoreinfo!.text;
  const start = Buffer.from(file.buffer, file.byteOffset, file.byteLength).indexOf(
    text.slice(0, 200),
    0,
    'latin1',
  );
  let at = start;
  return text.split('\n').flatMap((line) => {
    const offset = at;
    at += line.length + 1;
    return USED.test(line) ? [{ part: 'VMCOREINFO', what: line, offset, bytes: line.length }] : [];
  });
}

function zonePlaces({ kernel, types }: Inspector, virtualAt: (v: bigint) => number): Place[] {
  const size = types.structSize('zone')!;
  const first = types.place('pglist_data', 'node_zones')!.offset;
  const nodes = kernel.symbol('node_data');
  return readZones(kernel, types).flatMap(({ node, zone }) => {
    const data =
      nodes === undefined
        ? kernel.symbol('contig_page_data')!
        : kernel.space.readWord(nodes + BigInt(node * 8));
    return ['zone_start_pfn', 'spanned_pages', 'present_pages', 'managed_pages', 'name'].flatMap((member) => {
      const at = types.place('zone', member);
      if (!at) return [];
      return [
        {
          part: 'zones',
          what: member,
          offset: virtualAt(data + BigInt(first + zone * size + at.offset)),
          bytes: 8,
        },
      ];
    });
  });
}

/** Members and enums that rows are made of. */
const STRUCTS: Readonly<Record<string, readonly string[]>> = {
  page: 'flags lru mapping __folio_index index private _mapcount page_type _refcount compound_info compound_head memcg_data mem_cgroup slab_cache compound_order compound_dtor compound_mapcount _last_cpupid'.split(
    ' ',
  ),
  folio: '_folio_order _folio_dtor _entire_mapcount _nr_pages_mapped _large_mapcount'.split(' '),
  slab: ['slab_cache'],
  kmem_cache: ['name'],
  mem_section: ['section_mem_map', 'usage'],
  mem_section_usage: ['subsection_map'],
  pglist_data: ['node_zones'],
  zone: ['zone_start_pfn', 'spanned_pages', 'present_pages', 'name'],
  zonelist: ['_zonerefs'],
  mm_struct: ['numa_next_scan'],
  cpumask: ['bits'],
  lru_gen_folio: ['min_seq'],
};
const ENUMS = ['pageflags', 'zone_type', 'pagetype', 'compound_dtor_id'];

/** Words and names of BTF that are used. */
function btfPlaces({ kernel }: Inspector, virtualAt: (v: bigint) => number, file: Uint8Array): Place[] {
  const { address, bytes } = findBtf(kernel, [])!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number): number => view.getUint32(at, true);
  const types = u32(4) + u32(8);
  const strings = u32(4) + u32(16);
  const nameAt = (offset: number): string => {
    const end = bytes.indexOf(0, strings + offset);
    return Buffer.from(bytes.subarray(strings + offset, end)).toString('latin1');
  };
  const starts = [0];
  const fixed: Record<number, number> = { 1: 4, 3: 12, 14: 4, 17: 4 };
  const each: Record<number, number> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 };
  for (let at = types; at < types + u32(12); ) {
    starts.push(at);
    const info = u32(at + 4);
    const kind = (info >>> 24) & 0x7f;
    at += 12 + (fixed[kind] ?? 0) + (each[kind] ?? 0) * (info & 0xffffff);
  }
  const places: Place[] = [];
  const add = (what: string, at: number, length: number): void => {
    const offset = virtualAt(address + BigInt(at));
    // the file may be damaged at the moment, but is of the same memory
    if (offset + length <= file.length) places.push({ part: 'BTF', what, offset, bytes: length });
  };
  const name = (what: string, word: number): void => {
    const offset = u32(word);
    if (offset !== 0) add(`name ${what}`, strings + offset, nameAt(offset).length);
  };
  const walk = (id: number, struct: string, wanted: readonly string[]): void => {
    const at = starts[id]!;
    const kind = (u32(at + 4) >>> 24) & 0x7f;
    if (kind !== 4 && kind !== 5) return;
    for (let i = 0; i < (u32(at + 4) & 0xffffff); i++) {
      const member = at + 12 + i * 12;
      const called = nameAt(u32(member));
      if (called === '') walk(u32(member + 4), struct, wanted);
      else if (wanted.includes(called)) {
        add(`words of ${struct}.${called}`, member, 12);
        name(`${struct}.${called}`, member);
      }
    }
  };
  for (const [id, at] of starts.entries()) {
    if (id === 0) continue;
    const kind = (u32(at + 4) >>> 24) & 0x7f;
    const called = kind === 4 || kind === 6 ? nameAt(u32(at)) : '';
    if (kind === 4 && Object.hasOwn(STRUCTS, called)) {
      add(`head of struct ${called}`, at, 12);
      name(`struct ${called}`, at);
      walk(id, called, STRUCTS[called]!);
    } else if (kind === 6 && ENUMS.includes(called)) {
      add(`head of enum ${called}`, at, 12);
      for (let i = 0; i < (u32(at + 4) & 0xffffff); i++) {
        const constant = at + 12 + i * 8;
        add(`words of ${nameAt(u32(constant))}`, constant, 8);
        name(nameAt(u32(constant)), constant);
      }
    }
  }
  return places;
}
