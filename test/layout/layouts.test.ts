import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { factsFromJson, parseLayout } from '../../src/layout/from-json.ts';
import { formatLayout, type LayoutFile } from '../../src/layout/layout-file.ts';
import { findLayouts, layoutIndex } from '../../src/layout/registry.ts';
import type { TypeFacts } from '../../src/layout/type-facts.ts';
import { memberOf } from '../../src/layout/wanted.ts';
import { wantedEnums, wantedPaths } from '../../src/layout/wanted-objects.ts';
import { WANTED_SYMBOLS } from '../../src/layout/wanted-symbols.ts';
import { type Schema, violations } from '../builders/json-schema.ts';

const ROOT = new URL('../../layouts/', import.meta.url);
const SCHEMA = JSON.parse(readFileSync(new URL('schema.json', ROOT), 'utf8')) as Schema;
const FILES = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((arch) => readdirSync(new URL(`${arch.name}/`, ROOT)).map((name) => `${arch.name}/${name}`));

/** CONFIG_NR_CPUS of Debian's kernels, by architecture. */
const CPUS: Readonly<Record<string, readonly number[]>> = {
  x86_64: [8192],
  arm64: [256, 512],
  ppc64le: [2048],
  riscv64: [128, 256],
  s390x: [256],
  // a mask of CPUs has a word at least
  i386: [32],
  armhf: [32],
};
/** sizeof(struct page) of 32-bit kernels: with memcg_data, and aligned to two words for cmpxchg8b on i386. */
const PAGE_SIZES: Readonly<Record<string, number>> = { i386: 40, armhf: 36 };
/** Zones in the order of include/linux/mmzone.h; a kernel has those that it was configured with. */
const ZONES = [
  'ZONE_DMA',
  'ZONE_DMA32',
  'ZONE_NORMAL',
  'ZONE_HIGHMEM',
  'ZONE_MOVABLE',
  'ZONE_DEVICE',
  '__MAX_NR_ZONES',
];

function textOf(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}

function load(file: string): { layout: LayoutFile; types: TypeFacts } {
  const layout = parseLayout(textOf(file), file);
  return { layout, types: factsFromJson(layout, file, 'layout-named') };
}

describe.each(FILES)('%s', (file) => {
  const { layout, types } = load(file);

  test('keeps to the schema', () => {
    expect(violations(JSON.parse(textOf(file)), SCHEMA)).toEqual([]);
  });

  test('is written as formatLayout writes it', () => {
    expect(formatLayout(layout)).toBe(textOf(file));
  });

  test('is named for a kernel that it is about, and the index has all of them', () => {
    expect(layout.kernels.map((kernel) => `${layout.arch}/${kernel.release}.json`)).toContain(file);
    const indexed = layoutIndex().filter((entry) => entry.file === file);
    expect(indexed.map(({ arch, release, buildId }) => ({ arch, release, buildId }))).toEqual(
      layout.kernels.map(({ release, buildId }) => ({ arch: layout.arch, release, buildId })),
    );
  });

  test('holds what is wanted and nothing else, in that order', () => {
    const inOrder = (names: readonly string[], all: readonly string[]): void => {
      expect(names).toEqual(all.filter((name) => names.includes(name)));
    };
    const paths = wantedPaths(true);
    inOrder(Object.keys(layout.structs), [...paths.keys()]);
    inOrder(Object.keys(layout.enums), wantedEnums(true));
    for (const [name, { members }] of Object.entries(layout.structs)) {
      inOrder(Object.keys(members), [...new Set(paths.get(name))]);
    }
  });

  test('symbols are those that are wanted', () => {
    for (const { symbols = {} } of layout.kernels) {
      expect(Object.keys(symbols).filter((name) => !WANTED_SYMBOLS.has(name))).toEqual([]);
    }
  });

  test('members lie within their structs', () => {
    for (const [name, { size, members }] of Object.entries(layout.structs)) {
      for (const [path, member] of Object.entries(members)) {
        // a flexible array has no size and lies behind
        expect(member.offset + member.size, `${name}.${path}`).toBeLessThanOrEqual(size);
      }
    }
  });

  test('has what no struct page can do without', () => {
    for (const name of [
      'flags',
      'mapping',
      'index',
      'private',
      '_mapcount',
      '_refcount',
      'compound_head',
      'lru',
    ]) {
      expect(memberOf(types, 'page', name), name).toBeDefined();
    }
    expect(types.structSize('page')).toBe(PAGE_SIZES[layout.arch] ?? 64);
    expect(CPUS[layout.arch]).toContain(types.place('cpumask', 'bits')!.size * 8);
    expect(types.enumerators('pageflags')?.get('PG_locked')).toBe(0n);
    const zones = [...types.enumerators('zone_type')!.keys()];
    expect(zones).toEqual(ZONES.filter((zone) => zones.includes(zone)));
    expect(zones).toEqual(expect.arrayContaining(['ZONE_NORMAL', 'ZONE_MOVABLE', '__MAX_NR_ZONES']));
  });
});

test('the index has nothing besides the files', () => {
  expect(new Set(layoutIndex().map((entry) => entry.file))).toEqual(new Set(FILES));
});

/** docs and measurements of six Debian cloud kernels; a column for each. */
const KERNELS = [
  '5.10.0-32-cloud-amd64',
  '6.1.0-47-cloud-amd64',
  '6.12.107+deb13-cloud-amd64',
  '6.18.15+deb13-cloud-amd64',
  '7.2.13+deb14-cloud-amd64',
  '7.3.4+deb13-cloud-amd64',
];

/** Offsets of members; several of a struct that is one with another are separated by a slash. */
const OFFSETS = `
page flags                      0      0      0      0      0      0
page _mapcount                  48     48     48     48     48     48
page compound_head              8      8      8      8      8      8
page memcg_data                 56     56     56     56     56     56
page compound_order             17     17     -      -      -      -
page slab_cache                 24     -      -      -      -      -
slab slab_cache                 -      24     8      8      8      8
folio _folio_order              -      81     -      -      -      -
folio _entire_mapcount          -      84     84     88     88     88
folio _nr_pages_mapped          -      -      88     84     84     84
folio _large_mapcount           -      -      80     80     80     80
folio _pincount                 -      88     92     92     92     92
folio _nr_pages                 -      92     96     120    120    120
folio _deferred_list            -      -      144    144    144    144
folio _hugetlb_subpool          -      -      144    208    208    208
pglist_data node_zones          0      0      0      0      0      0
pglist_data nr_zones            171232 171552 171552 171872 173152 173152
pglist_data node_start_pfn      171240 171560 171560 171880 173160 173160
pglist_data node_id             171264 171584 171584 171904 173184 173184
zone zone_pgdat                 88     96     104    104    104    104
zone per_cpu_pageset            96     104    112    112    112    112
zone zone_start_pfn             104    128    144    144    144    144
zone spanned_pages              120    144    160    160    160    160
zone name                       136    168    184    184    192    192
zone free_area                  192    256    256    256    256    256
zone vm_stat                    1280   1344   1344   1408   1536   1536
free_area nr_free               80     80     80     80     96     96
kmem_cache name                 96     96     96     104    88     88
kmem_cache size                 24     24     24     32     24     24
address_space a_ops             112    144    104    104    96     96
inode i_dentry                  312    312    304    304    296    296
inode i_data                    376    376    368    368    360    360
dentry d_alias                  176    176    176    176    176    176
super_block s_type              40     40     40     40     40     56
super_block s_id                952    968    960    960    952    968
anon_vma rb_root                80     80     80     80     72     72
vm_area_struct vm_mm            64     16     16     16     16     16
vm_area_struct anon_vma         136    88     104    64     64     64
vm_area_struct vm_pgoff         152    104    120    80     80     80
vm_area_struct vm_file          160    112    128    88     88     88
mm_struct pgd                   80     72     120    120    120    120
mm_struct owner                 912    920    1144   1264   1528   1528
task_struct pid                 2232   2416   2432   2704   2808   2872
task_struct comm                2736   2976   2976   3248   3344   3408
task_struct mm                  2056   2272   2304   2576   2680   2744
task_struct tasks               1976   2192   2224   2496   2600   2664
cgroup kn                       248    248    256    256    296    296
cgroup_subsys_state id          80     80     80     72     72     72
cgroup_subsys_state parent      192    192    192    184    184    184
kernfs_node parent              8      8      8      8      8      8
kernfs_node id                  104    104    96     96     96     96
obj_cgroup memcg                16     16     16     16     16     16
`;

const SIZES = `
pglist_data  171968 174208 174464 174848 176256 176320
zone         1472   1536   1536   1600   1856   1856
free_area    88     88     88     88     104    104
folio        -      112    192    256    256    256
mem_section  16     16     16     16     16     16
`;

const CONSTANTS = `
pageflags PG_writeback          15 15 1   1   1   1
pageflags PG_head               16 16 6   6   6   6
pageflags PG_slab               9  9  -   -   -   -
pageflags PG_reserved           12 12 13  13  13  13
pageflags PG_mlocked            21 21 19  20  20  20
pageflags PG_dropbehind         -  -  -   19  19  19
pageflags PG_arch_2             23 23 23  24  24  24
pageflags __NR_PAGEFLAGS        24 24 24  25  25  25
pagetype PGTY_buddy             -  -  240 240 240 240
pagetype PGTY_large_kmalloc     -  -  -   248 248 248
compound_dtor_id HUGETLB_PAGE_DTOR 2 2 - - - -
migratetype MIGRATE_ISOLATE     4  4  4   4   5   5
migratetype MIGRATE_CMA         -  -  -   -   4   4
zone_type ZONE_DEVICE           4  4  4   4   4   4
zone_stat_item NR_FREE_PAGES    0  0  0   0   0   0
`;

function rows(table: string, names: number): { what: string[]; values: (number | undefined)[] }[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .map((fields) => ({
      what: fields.slice(0, names),
      values: fields.slice(names).map((field) => (field === '-' ? undefined : Number(field))),
    }));
}

describe('known truths of six kernels', () => {
  const kernels = KERNELS.map((release) => [...findLayouts({ arch: 'x86_64', release })][0]!.types);

  test.each(rows(OFFSETS, 2))('offset of $what', ({ what: [struct, member], values }) => {
    expect(kernels.map((types) => memberOf(types, struct!, member!)?.offset)).toEqual(values);
  });

  test.each(rows(SIZES, 1))('size of $what', ({ what: [struct], values }) => {
    expect(kernels.map((types) => types.structSize(struct!))).toEqual(values);
  });

  test.each(rows(CONSTANTS, 2))('value of $what', ({ what: [name, constant], values }) => {
    expect(
      kernels.map((types) => {
        const value = types.enumerators(name!)?.get(constant!);
        return value === undefined ? undefined : Number(value);
      }),
    ).toEqual(values);
  });

  test('the names that changed', () => {
    const paths = (member: string): (string | undefined)[] =>
      kernels.map((types) => memberOf(types, 'page', member)?.path);
    expect(paths('flags')).toEqual(['flags', 'flags', 'flags', 'flags.f', 'flags.f', 'flags.f']);
    expect(paths('index')).toEqual(['index', 'index', 'index', ...Array(3).fill('__folio_index')]);
    expect(paths('compound_head').slice(3)).toEqual(['compound_head', 'compound_info', 'compound_info']);
  });
});
