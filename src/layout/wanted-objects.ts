import { WANTED_ENUMS, WANTED_STRUCTS } from './wanted.ts';

/**
 * What commands about kernel objects need besides `WANTED_STRUCTS` and `WANTED_ENUMS`. Those commands take it from the kernel's whole BTF; for
 * kernels without BTF, the layout file holds it.
 */
export const OBJECT_STRUCTS: Readonly<Record<string, readonly string[]>> = {
  anon_vma_name: [],
  backing_file: ['file', 'user_path'],
  buffer_page: ['list', 'order', 'page'],
  cgroup_subsys_state: ['flags'],
  cpu_fbatches: [
    'lru_activate',
    'lru_add',
    'lru_deactivate',
    'lru_deactivate_file',
    'lru_lazyfree',
    'lru_move_tail',
  ],
  cpuinfo_x86: ['x86_capability'],
  dentry: ['d_hash'],
  fdtable: ['fd', 'max_fds'],
  file: ['f_op'],
  files_struct: ['fdt'],
  folio_batch: ['folios', 'nr'],
  ftrace_page: ['next', 'order', 'records'],
  gen_pool: ['chunks'],
  gen_pool_chunk: ['end_addr', 'next_chunk', 'start_addr'],
  hlist_bl_node: ['pprev'],
  hstate: ['resv_huge_pages'],
  idr: ['idr_base', 'idr_rt'],
  inet_bind_hashbucket: [],
  inet_ehash_bucket: [],
  inet_hashinfo: ['bhash', 'bhash2', 'bhash_size', 'ehash', 'ehash_mask'],
  inode: ['i_pipe', 'i_sb_list'],
  kmem_cache: ['cpu_sheaves', 'cpu_slab', 'flags', 'node', 'per_node', 'random', 'red_left_pad'],
  kmem_cache_cpu: ['freelist', 'page', 'slab'],
  kmem_cache_node: ['nr_slabs', 'partial', 'total_objects'],
  kmem_cache_per_node_ptrs: ['barn', 'node'],
  lru_pvecs: ['activate_page', 'lru_add', 'lru_deactivate', 'lru_deactivate_file', 'lru_lazyfree'],
  lru_rotate: ['pvec'],
  mempool: ['alloc', 'curr_nr', 'elements', 'pool_data'],
  mempool_s: [],
  mlock_fbatch: ['fbatch'],
  module: [
    'core_layout.base',
    'core_layout.size',
    'init_layout.base',
    'init_layout.size',
    'list',
    'mem',
    'name',
  ],
  module_memory: ['base', 'size'],
  mount: ['mnt_id_unique', 'mnt_ns'],
  napi_alloc_cache: ['page'],
  node_barn: ['sheaves_full'],
  nsproxy: ['mnt_ns'],
  page: ['slab_list'],
  page_frag_cache: ['encoded_page', 'va'],
  pagevec: ['nr', 'pages'],
  pcpu_chunk: ['base_addr', 'list', 'nr_pages', 'populated'],
  per_cpu_pages: ['high_max', 'high_min'],
  per_cpu_pageset: ['stat_threshold', 'vm_numa_stat_diff'],
  per_cpu_zonestat: ['stat_threshold', 'vm_numa_event'],
  percpu_counter: ['count', 'counters'],
  pglist_data: ['kswapd_failures'],
  pipe_buffer: ['ops', 'page'],
  pipe_inode_info: ['bufs', 'head', 'ring_size', 'tail', 'tmp_page'],
  rb_node: ['__rb_parent_color'],
  ring_buffer_per_cpu: ['pages', 'reader_page'],
  saved_cmdlines_buffer: ['cmdline_num', 'saved_cmdlines'],
  shmem_inode_info: ['swapped', 'vfs_inode', 'xattrs'],
  simple_xattr: ['list', 'rb_node', 'size'],
  simple_xattrs: ['head', 'rb_root'],
  slab_sheaf: ['barn_list', 'objects', 'size'],
  slub_percpu_sheaves: ['main', 'spare'],
  super_block: ['s_inodes'],
  task_struct: ['nsproxy'],
  trace_array: ['array_buffer.buffer', 'list', 'max_buffer.buffer', 'snapshot_buffer.buffer'],
  trace_buffer: ['buffers'],
  udp_hslot: [],
  udp_table: ['hash', 'hash2', 'mask'],
  vm_area_struct: ['vm_ops'],
  vm_special_mapping: ['name'],
  vmap_node: ['busy.head'],
  xa_node: ['parent'],
  zone: [
    'cma_pages',
    'nr_free_highatomic',
    'nr_reserved_highatomic',
    'per_cpu_zonestats',
    'vm_numa_event',
    'vm_numa_stat',
    'watermark_boost',
  ],
  zswap_pool: [],
};

export const OBJECT_ENUMS: readonly string[] = [
  'numa_stat_item',
  'pcpu_chunk_type',
  'pg_level',
  'vm_event_item',
  'vm_stat_item',
  'writeback_stat_item',
];

/** The paths of each struct that a layout file holds, in its order; with those for objects where the kernel has no BTF. */
export function wantedPaths(withObjects: boolean): ReadonlyMap<string, readonly string[]> {
  const paths = new Map(
    Object.entries(WANTED_STRUCTS).map(([name, members]): [string, string[]] => [name, members.flat()]),
  );
  for (const [name, members] of withObjects ? Object.entries(OBJECT_STRUCTS) : [])
    paths.set(name, [...(paths.get(name) ?? []), ...members]);
  return paths;
}

/** The enums that a layout file holds, in its order. */
export function wantedEnums(withObjects: boolean): readonly string[] {
  return withObjects ? [...WANTED_ENUMS, ...OBJECT_ENUMS] : WANTED_ENUMS;
}
