/** A row of the table of classes. */
export interface PageClass {
  readonly name: string;
  /** The kind within the class, if it can be told. */
  readonly subclass: string;
  /** The proof, and the kernel source that it relies on. */
  readonly evidence: string;
  /**
   * Other classes that pages of this one may have without contradiction: a kernel stack is in vmalloc space. This one takes
   * precedence.
   */
  readonly over?: readonly string[];
}

/**
 * Every class of pages. A page has exactly one; its code is the index of a row. If two rows apply to a page and neither is
 * `over` the other, that is a conflict, and the earlier row wins.
 */
const ROWS: readonly PageClass[] = [
  // without a page
  row(
    'hole',
    '',
    'no struct page, or outside of System RAM in the tree of iomem_resource (kernel/resource.c)',
    ['reserved', 'unknown'],
  ),
  row('hole', 'firmware', 'within a resource other than System RAM (arch/x86/kernel/e820.c)', [
    'reserved',
    'unknown',
  ]),

  // found by walking the kernel's own objects
  row(
    'page_table',
    'pgd',
    'root of a tree of page tables of a process or the kernel (arch/x86/mm/pgtable.c)',
    ['kernel_image', 'reserved'],
  ),
  // names of levels on other architectures: s390x (arch/s390/include/asm/pgtable.h)
  ...['p4d', 'pud', 'pmd', 'pte', 'region1', 'region2', 'region3', 'segment', 'page'].map((level) =>
    row('page_table', level, 'table of a tree that was walked', ['kernel_image', 'reserved']),
  ),
  row(
    'kernel',
    'spare_root',
    'behind the root of page tables that no program runs on, allocated with it (page table isolation)',
  ),
  row('trace_buffer', '', 'page of a ring_buffer_per_cpu (kernel/trace/ring_buffer.c)'),
  row('trace_buffer', 'task_names', 'the saved_cmdlines_buffer (kernel/trace/trace_sched_switch.c)'),
  row('kernel', 'ftrace', 'records of an ftrace_page (kernel/trace/ftrace.c)'),
  row(
    'kernel',
    'hash_table',
    'hash table of boot that its variable points to (mm/mm_init.c, alloc_large_system_hash)',
    ['large_kmalloc'],
  ),
  row(
    'kernel',
    'variable',
    'page that a variable of the kernel owns: vmcoreinfo_data, swsusp_header, ce_arr',
  ),
  row('kernel', 'mempool', 'element of a reserve of pages (mm/mempool.c)'),
  row('kernel', 'block_requests', 'in the page_list of a blk_mq_tags (block/blk-mq.c)'),
  row('dma', 'atomic_pool', 'in a chunk of an atomic DMA pool (kernel/dma/pool.c)', ['reserved']),
  row('bpf', 'btf', 'table of the types of a BTF (kernel/bpf/btf.c)', ['large_kmalloc']),
  row('socket', 'page_frag', 'page that a CPU cuts fragments for packets from (mm/page_frag_cache.c)'),
  row('memmap', '', 'the page tables of vmemmap map struct pages to it (mm/sparse-vmemmap.c)', ['reserved']),
  row('percpu', 'first_chunk', 'reserved, and in a unit of pcpu_first_chunk (mm/percpu.c)', ['reserved']),
  row('percpu', '', 'mapped at a populated page of a pcpu_chunk (mm/percpu-vm.c)', ['vmalloc']),
  row('kernel_image', 'text', 'reserved, between _text and _etext (include/asm-generic/sections.h)', [
    'reserved',
  ]),
  row('kernel_image', 'rodata', 'reserved, between __start_rodata and __end_rodata', ['reserved']),
  row('kernel_image', 'data', 'reserved, between _sdata and _edata', ['reserved']),
  row('kernel_image', 'bss', 'reserved, between __bss_start and __bss_stop', ['reserved']),
  row('kernel_image', 'brk', 'reserved, between __brk_base and __brk_limit (arch/x86/kernel/vmlinux.lds.S)', [
    'reserved',
  ]),
  row('reserved', 'image', 'reserved, between _text and _end but in no section that has a name', []),
  row('kernel_stack', '', 'in the vm_struct of the stack of a task (kernel/fork.c, CONFIG_VMAP_STACK)', [
    'vmalloc',
  ]),
  row('kernel_stack', 'linear', 'the stack of a task without CONFIG_VMAP_STACK (kernel/fork.c)'),
  row('module', '', 'in an area of a struct module (kernel/module/main.c)', ['vmalloc']),
  row('vmalloc', 'percpu', 'mapped at a populated page of a pcpu_chunk for accounted memory (5.9 to 5.13)'),
  row('vmalloc', 'idle_stack', 'in the vm_struct of the stack of an idle task (kernel/fork.c, fork_idle)'),
  row('vmalloc', '', 'in the pages of a vm_struct with VM_ALLOC or VM_MAP_PUT_PAGES (mm/vmalloc.c)'),
  row('hugetlb_free', '', 'on hstate.hugepage_freelists (mm/hugetlb.c)', ['hugetlb']),
  row('free_pcp', '', 'on the lists of a per_cpu_pages (mm/page_alloc.c)'),
  row('pipe', '', 'buffer of a pipe_inode_info with anon_pipe_buf_ops, or its tmp_page (fs/pipe.c)'),
  row('large_kmalloc', 'xattr', 'value of a simple_xattr that no slab holds (fs/xattr.c)'),
  row('io_uring', '', 'mapped by, or in the regions of, an io_ring_ctx (io_uring/memmap.c)', [
    'mapped_kernel',
  ]),
  row('socket', 'packet', 'linear part or fragment of a sk_buff in use (include/linux/skbuff.h)'),
  row('socket', 'packet_ring', 'block in the ring of a packet socket, mapped by no process'),
  row('trace_buffer', 'perf', 'in the ring of a perf event, mapped by no process (kernel/events/internal.h)'),
  row('bpf', 'ringbuf', 'in the ring of a BPF map, mapped by no process (kernel/bpf/ringbuf.c)'),
  row('mapped_kernel', 'bpf', 'mapped by a VMA of a BPF map (kernel/bpf/syscall.c)'),
  row('mapped_kernel', 'packet_ring', 'mapped by a VMA with packet_mmap_ops (net/packet/af_packet.c)'),
  row('mapped_kernel', 'perf', 'mapped by a VMA of a perf event (kernel/events/core.c)'),
  row('mapped_kernel', '', 'in the page table of a process, but neither anonymous nor in a page cache'),

  // told by the struct page alone
  row('free_buddy', '', 'page type buddy, and the pages behind it by its order (mm/page_alloc.c)'),
  // tables smaller than a page come from slabs (arch/powerpc/mm/pgtable.c)
  row('slab', '', 'page type or flag slab, and the tails of such a page (mm/slab.h)', ['page_table']),
  row('hugetlb', '', 'page type, flag or destructor hugetlb (mm/hugetlb.c)'),
  row(
    'page_table',
    'typed',
    'page type table, in no tree: deposited for a huge page, or being freed (mm/pgtable-generic.c)',
  ),
  row('balloon', '', 'page type offline (include/linux/page-flags.h)'),
  row(
    'zsmalloc',
    '',
    'page type zsmalloc, or movable by the operations of the zsmalloc module (mm/zsmalloc.c)',
  ),
  row('large_kmalloc', '', 'page type large_kmalloc, since 6.17 (mm/slub.c)'),
  row('reserved', 'unaccepted', 'page type unaccepted (mm/page_alloc.c)'),
  row('reserved', 'guard', 'page type guard (mm/page_alloc.c, debug_guardpage_minorder)'),
  row('reserved', 'crash_kernel', 'in the resource Crash kernel of iomem_resource (kernel/crash_reserve.c)'),
  row('reserved', '', 'PG_reserved, and nothing else tells what for'),
  row('hwpoison', '', 'PG_hwpoison (mm/memory-failure.c)'),
  row('ksm', '', 'mapping with both low bits set (mm/ksm.c)'),
  row('anon', '', 'mapping with the lowest bit set, order 0 (include/linux/page-flags.h)'),
  row('anon', 'thp', 'the same, of the order of a PMD (mm/huge_memory.c)'),
  row('anon', 'mthp', 'the same, of an order between'),
  row('page_pool', '', 'pp_magic is PP_SIGNATURE (include/linux/poison.h, net/core/page_pool.c)'),
  row('swap_cache', '', 'PG_swapcache without a mapping: read ahead, mapped by nobody (mm/swap_state.c)'),
  row('secretmem', '', 'mapping with secretmem_aops (mm/secretmem.c)'),
  row('shmem', '', 'mapping with shmem_aops (mm/shmem.c)'),
  row('shmem', 'huge', 'the same, in a large folio'),
  row('file', 'ramfs', 'mapping with ram_aops (fs/ramfs)'),
  row('file', '', 'mapping to an address_space, and on an LRU list or found in its i_pages (mm/filemap.c)'),

  // claimed by nothing
  row(
    'unknown',
    'truncated',
    'on an LRU list without a mapping: removed from its file, and still referenced',
  ),
  row('unknown', 'compound', 'allocated as a compound page, and nothing claims it'),
  row(
    'unknown',
    'tail',
    'reference count 0, on no free list: behind the first page of a block that is not compound',
  ),
  row('unknown', 'unread', 'its struct page cannot be read'),
  row('unknown', '', 'allocated, and nothing claims it'),
];

/** The classes by their code. */
export const PAGE_CLASSES: readonly PageClass[] = [NOTHING(), ...ROWS];

/** The code of a class that is not decided yet. */
export const UNDECIDED = 0;

/** The code of a class, by its name and subclass. */
export function classCode(name: string, subclass = ''): number {
  const code = PAGE_CLASSES.findIndex((c) => c.name === name && c.subclass === subclass);
  if (code <= 0) throw new Error(`no class ${name} ${subclass}`);
  return code;
}

/** The distinct names of classes, in table order. */
export const CLASS_NAMES: readonly string[] = [...new Set(ROWS.map((r) => r.name))];

function row(name: string, subclass: string, evidence: string, over?: readonly string[]): PageClass {
  return { name, subclass, evidence, ...(over ? { over } : {}) };
}

function NOTHING(): PageClass {
  return { name: '', subclass: '', evidence: 'not looked at' };
}
