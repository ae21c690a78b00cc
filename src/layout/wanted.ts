import type { Place, TypeFacts } from './type-facts.ts';

/** A member, by its path or by all paths it has had, newest first. */
export type WantedMember = string | readonly [newest: string, ...older: string[]];

/**
 * Everything that structpage takes from a kernel's types. Nothing else is looked up, and a layouts/ file has exactly this.
 * If a kernel renamed a member, add the new path in front of the old one; never decide by version. The number after a path
 * is the release that introduced it (seen in BTF), for documentation only.
 */
export const WANTED_STRUCTS: Readonly<Record<string, readonly WantedMember[]>> = {
  // include/linux/mm_types.h
  page: [
    ['flags.f', 'flags'], // 6.18: memdesc_flags_t, a struct with one member
    'lru',
    'buddy_list',
    'pcp_list',
    'mapping',
    ['__folio_index', 'index'], // 6.16
    'private',
    ['_mapcount', 'page_type'],
    ['_refcount', '_count'],
    ['compound_info', 'compound_head'], // 7.1: a tail may hold a mask instead of its head
    ['memcg_data', 'obj_cgroups', 'mem_cgroup', '_unused_slab_obj_exts'], // 5.11, 5.9
    ['_unused_pgmap_compound_info', '_unused_pgmap_compound_head', 'pgmap'], // 7.1, 6.16
    'zone_device_data',
    '_last_cpupid',
    'pp_magic',
    'pp',
    // page[1] and page[2] of a compound page, which moved to struct folio by 6.4
    'compound_dtor',
    'compound_order',
    'compound_mapcount',
    'subpages_mapcount',
    'compound_pincount',
    'compound_nr',
    'hpage_pinned_refcount',
    'deferred_list',
    // slabs, which moved to struct slab in 5.17
    'slab_cache',
    'freelist',
    'inuse',
    'objects',
    'frozen',
    // page tables, which moved to struct ptdesc in 6.6
    'pt_mm',
  ],
  folio: [
    ['flags.f', 'flags'],
    'lru',
    'mlock_count',
    'mapping',
    'index',
    ['private', 'swap'],
    'pgmap',
    ['memcg_data', '_unused_slab_obj_exts'],
    ['_flags_1.f', '_flags_1'],
    '_folio_order',
    '_folio_dtor',
    ['_entire_mapcount', '_total_mapcount'],
    ['_nr_pages_mapped', '_subpages_mapcount'],
    '_large_mapcount',
    '_pincount',
    ['_nr_pages', '_folio_nr_pages'],
    ['_mm_ids', '_mm_id'],
    '_mm_id_mapcount',
    '_mapcount_1',
    '_refcount_1',
    '_deferred_list',
    '_hugetlb_subpool',
    '_hugetlb_cgroup',
    '_hugetlb_hwpoison',
  ],
  list_head: ['next', 'prev'],
  hlist_head: ['first'],
  hlist_node: ['next'],
  rb_root: ['rb_node'],
  rb_root_cached: ['rb_root', 'rb_leftmost'],
  rb_node: ['rb_left', 'rb_right'],
  cpumask: ['bits'],
  nodemask_t: ['bits'],

  // mm/slab.h
  slab: [
    ['flags.f', 'flags', '__page_flags'],
    'slab_cache',
    'slab_list',
    'freelist',
    'inuse',
    'objects',
    'frozen',
  ],
  kmem_cache: ['name', 'size', 'object_size', 'offset', 'list', 'inuse', 'align', ['oo.x', 'oo']],
  slabobj_ext: [['_objcg', 'objcg']], // 7.x
  // include/linux/mm_types.h, mm/zpdesc.h
  ptdesc: [['pt_flags.f', 'pt_flags', '__page_flags'], 'pt_mm', 'pt_index'],
  zpdesc: ['movable_ops', 'zspage', 'first_obj_offset'],

  // include/linux/mmzone.h
  mem_section: ['section_mem_map', 'usage', 'page_ext'],
  mem_section_usage: ['subsection_map', 'pageblock_flags'],
  // include/linux/memblock.h; kept after boot where architectures free the struct pages of holes
  memblock: ['memory.cnt', 'memory.regions'],
  memblock_region: ['base', 'size'],
  pglist_data: [
    'node_zones',
    'node_zonelists',
    'nr_zones',
    'node_mem_map',
    'node_page_ext', // FLATMEM
    'node_start_pfn',
    'node_present_pages',
    'node_spanned_pages',
    'node_id',
    'vm_stat',
  ],
  zone: [
    '_watermark',
    'lowmem_reserve',
    'node',
    'zone_pgdat',
    ['per_cpu_pageset', 'pageset'],
    'zone_start_pfn',
    'managed_pages',
    'spanned_pages',
    'present_pages',
    'present_early_pages',
    'name',
    'free_area',
    'unaccepted_pages',
    'vm_stat',
    'vmemmap_tails', // 7.1: one shared frame of tails for each order, if vmemmap is optimised
    'flags',
    'nr_isolate_pageblock',
    'pageblock_flags', // FLATMEM
  ],
  free_area: ['free_list', 'nr_free'],
  zonelist: ['_zonerefs'],
  per_cpu_pages: ['count', 'high', 'batch', 'lists'],
  per_cpu_pageset: ['pcp'],
  lru_gen_folio: ['max_seq', 'min_seq'], // 6.3; if present, flags has a field for the generation
  lru_gen_struct: ['max_seq', 'min_seq'], // 6.1

  // include/linux/page_ext.h
  page_ext: ['flags'],
  page_ext_operations: ['offset', 'size'],
  page_owner: [
    'order',
    'last_migrate_reason',
    'gfp_mask',
    'handle',
    'free_handle',
    'ts_nsec',
    'comm',
    'pid',
    'tgid',
  ],

  // include/linux/hugetlb.h, include/linux/memremap.h, include/linux/ioport.h, mm/ksm.c
  hstate: ['order', 'name', 'nr_huge_pages', 'free_huge_pages', 'surplus_huge_pages', 'hugepage_freelists'],
  dev_pagemap: ['type', 'flags', 'vmemmap_shift', 'nr_range', 'range', 'ranges'],
  range: ['start', 'end'],
  resource: ['start', 'end', 'name', 'flags', 'parent', 'sibling', 'child'],
  ksm_stable_node: ['hlist', 'kpfn', 'rmap_hlist_len'],
  stable_node: ['hlist', 'kpfn', 'rmap_hlist_len'], // until 5.18
  ksm_rmap_item: ['mm', 'address', 'anon_vma', 'hlist'],
  rmap_item: ['mm', 'address', 'anon_vma', 'hlist'],
  swap_info_struct: ['flags', 'type', 'max', 'pages', 'inuse_pages', 'swap_file', 'bdev'],
  vm_struct: ['next', 'addr', 'size', 'flags', 'pages', 'nr_pages', 'page_order', 'caller'],
  vmap_area: ['va_start', 'va_end', 'rb_node', 'list', 'vm'],

  // include/linux/memcontrol.h, include/linux/cgroup-defs.h, include/linux/kernfs.h
  mem_cgroup: ['css', ['id.id', 'id'], 'memory', 'objcg'],
  obj_cgroup: ['memcg'],
  cgroup_subsys_state: ['cgroup', 'ss', 'id', 'parent', 'sibling', 'children'],
  cgroup: ['self', 'kn', 'level'],
  css_set: ['subsys', 'dfl_cgrp'],
  kernfs_node: [['__parent', 'parent'], 'name', 'id'], // 6.15

  // include/linux/fs.h, include/linux/dcache.h, fs/mount.h
  address_space: ['host', 'i_pages', 'a_ops', 'flags', 'i_mmap', 'nrpages', 'gfp_mask'],
  xarray: ['xa_head'],
  xa_node: ['shift', 'offset', 'slots'],
  inode: ['i_mode', 'i_rdev', 'i_ino', 'i_sb', 'i_mapping', 'i_dentry', 'i_data', 'i_size', 'i_nlink'],
  dentry: ['d_parent', ['d_name', '__d_name'], 'd_inode', 'd_sb', ['d_alias', 'd_u.d_alias']], // 7.x
  qstr: ['len', 'name'],
  super_block: [
    's_list',
    's_dev',
    's_type',
    's_magic',
    's_root',
    's_id',
    's_mounts',
    's_fs_info',
    's_subtype',
  ],
  file_system_type: ['name'],
  file: ['f_mapping', 'f_inode', ['f_path', '__f_path'], 'f_flags'],
  path: ['mnt', 'dentry'],
  mount: [
    'mnt_parent',
    'mnt_mountpoint',
    'mnt',
    ['mnt_next_for_sb', 'mnt_instance'],
    'mnt_devname',
    'mnt_id',
  ],
  vfsmount: ['mnt_root', 'mnt_sb'],

  // include/linux/mm_types.h, include/linux/rmap.h, include/linux/maple_tree.h
  anon_vma: ['root', 'refcount', 'parent', 'rb_root'],
  anon_vma_chain: ['vma', 'anon_vma', 'same_vma', 'rb'],
  vm_area_struct: [
    'vm_start',
    'vm_end',
    'vm_next', // until 6.0, then the maple tree
    'vm_mm',
    'vm_flags',
    'anon_vma_chain',
    'anon_vma',
    'vm_pgoff',
    '__vm_anon_pgoff_lo', // 7.3
    '__vm_anon_pgoff_hi',
    'vm_file',
    'shared',
    'vm_private_data',
  ],
  mm_struct: [
    'pgd',
    'owner',
    'mmap',
    'mm_rb',
    'mm_mt',
    'mm_users',
    'mm_count',
    'map_count',
    'mmlist',
    'total_vm',
    'exe_file',
    'start_code',
    'start_brk',
    'brk',
    'start_stack',
    'arg_start',
    'arg_end',
    'numa_scan_offset',
    'numa_next_scan', // if present, flags has a field for the last CPU and PID
  ],
  maple_tree: ['ma_root', 'ma_flags'],
  maple_node: ['parent', 'slot'],
  maple_range_64: ['pivot', 'slot', 'meta'],
  maple_arange_64: ['pivot', 'slot', 'meta'],
  maple_metadata: ['end', 'gap'],

  // include/linux/sched.h, include/linux/sched/signal.h, include/linux/utsname.h
  task_struct: [
    'pid',
    'tgid',
    'comm',
    'mm',
    'active_mm',
    'tasks',
    'stack',
    'flags',
    'group_leader',
    'thread_node',
    'signal',
    'real_parent',
    'cgroups',
    'files',
  ],
  signal_struct: ['thread_head'],
  uts_namespace: ['name'],
  new_utsname: ['release', 'version', 'machine', 'nodename'],
};

/** Enums that structpage takes constants from. */
export const WANTED_ENUMS: readonly string[] = [
  'pageflags', // include/linux/page-flags.h
  'pagetype', // 6.11, high bytes since 6.12
  'zone_type', // include/linux/mmzone.h
  'compound_dtor_id', // include/linux/mm.h, until 6.5
  'migratetype',
  'pageblock_bits', // include/linux/pageblock-flags.h
  'zone_stat_item',
  'node_stat_item',
  'slab_flags', // mm/slub.c, 6.17
  'pt_flags', // include/linux/mm.h, 6.18
  'page_memcg_data_flags', // include/linux/memcontrol.h
  'objext_flags',
  'hugetlb_page_flags', // include/linux/hugetlb.h
  'mapping_flags', // include/linux/pagemap.h
  'page_ext_flags',
  'memory_type', // include/linux/memremap.h
  'maple_type',
  'zone_watermarks',
];

/** A member of a kernel, and which of its names this kernel uses. */
export interface FoundMember extends Place {
  readonly path: string;
}

/**
 * Finds a wanted member, whatever this kernel calls it. `name` may be any of its names; the newest that exists is used.
 * `memberOf(types, 'page', 'index')` finds `__folio_index` on 6.16 and later.
 */
export function memberOf(types: TypeFacts, struct: string, name: string): FoundMember | undefined {
  for (const path of namesOf(struct, name)) {
    const place = types.place(struct, path);
    if (place) return { ...place, path };
  }
  return undefined;
}

/** All names of a wanted member, newest first; empty if it is not wanted. */
export function namesOf(struct: string, name: string): readonly string[] {
  for (const member of WANTED_STRUCTS[struct] ?? []) {
    if (typeof member === 'string' ? member === name : member.includes(name)) {
      return typeof member === 'string' ? [member] : member;
    }
  }
  return [];
}
