import type { VirtAddr } from '../core/address.ts';
import { idrEntries } from '../objects/idr.ts';
import { listNodes } from '../objects/list.ts';
import { type Allocation, claimExactly, claimKmalloc, directPfn } from './allocations.ts';
import { type Claimant, type Machine, pfnOfAddress, pfnOfPage } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode } from './classes.ts';

/** Pools of DMA memory for contexts that must not sleep (kernel/dma/pool.c). */
export const dmaPools: Claimant = {
  name: 'atomic DMA pools',
  symbols: ['atomic_pool_dma', 'atomic_pool_dma32', 'atomic_pool_kernel'],
  claim(machine, claims) {
    const { objects } = machine;
    const { pageSize } = objects.memory.format;
    const pool = objects.find('gen_pool');
    const chunk = objects.find('gen_pool_chunk');
    if (!pool || !chunk) return;
    for (const name of dmaPools.symbols) {
      const at = objects.findSymbol(name);
      const own = at === undefined ? 0n : objects.memory.word(at);
      if (own === 0n) continue;
      for (const node of listNodes(objects.memory, pool.at(own, 'chunks'))) {
        const piece = chunk.container(node, 'next_chunk');
        const end = chunk.word(piece, 'end_addr');
        for (let page = chunk.word(piece, 'start_addr'); page < end; page += BigInt(pageSize)) {
          const pfn = pfnOfAddress(machine, page);
          if (pfn !== undefined) claims.claim(pfn, classCode('dma', 'atomic_pool'));
        }
      }
    }
  },
};

/** Tables of pointers to the types of each BTF (kernel/bpf/btf.c). */
export const btfTypes: Claimant = {
  name: 'tables of BTF types',
  symbols: ['btf_vmlinux', 'btf_idr'],
  claim(machine, claims) {
    const { objects } = machine;
    const type = objects.find('btf');
    const main = objects.findSymbol('btf_vmlinux');
    const all = objects.findSymbol('btf_idr');
    if (!type || main === undefined) return;
    const known = new Set([objects.memory.word(main)]);
    if (all !== undefined) for (const { pointer } of idrEntries(objects, all)) known.add(pointer);
    known.delete(0n);
    const word = objects.memory.format.wordBytes;
    for (const btf of known) {
      const bytes = type.number(btf, 'types_size') * word;
      claimKmalloc(machine, claims, {
        address: type.word(btf, 'types'),
        bytes,
        code: classCode('bpf', 'btf'),
      });
    }
  },
};

/** Reserves of whole pages for code that must not fail (mm/mempool.c), with the variables that hold them. */
const POOLS = ['integrity_buf_pool'] as const;

export const pagePools: Claimant = {
  name: 'reserves of pages',
  symbols: [...POOLS, 'mempool_alloc_pages'],
  claim(machine, claims) {
    const { objects } = machine;
    const type = objects.find('mempool_s') ?? objects.find('mempool');
    const alloc = objects.findSymbol('mempool_alloc_pages');
    if (!type || alloc === undefined) return;
    const { wordBytes } = objects.memory.format;
    for (const name of POOLS) {
      const at = objects.findSymbol(name);
      if (at === undefined || type.word(at, 'alloc') !== alloc) continue;
      const order = type.number(at, 'pool_data');
      const elements = type.word(at, 'elements');
      const count = Math.min(type.number(at, 'curr_nr'), 65536);
      for (let i = 0; i < count && order < 16; i++) {
        const page = objects.memory.word(elements + BigInt(i * wordBytes));
        const pfn = pfnOfPage(machine, page);
        if (pfn !== undefined) claims.claim(pfn, classCode('kernel', 'mempool'), 2 ** order);
      }
    }
  },
};

/**
 * Hash tables allocated at boot: the variable with the address, the variable with the index mask, and what a bucket is: a pointer,
 * or a 32-bit number.
 */
const TABLES: readonly (readonly [table: string, mask: string, bucket: 'pointer' | 'u32'])[] = [
  ['mount_hashtable', 'm_hash_mask', 'pointer'],
  ['mountpoint_hashtable', 'mp_hash_mask', 'pointer'],
  ['dentry_hashtable', 'd_hash_mask', 'pointer'],
  ['inode_hashtable', 'i_hash_mask', 'pointer'],
  ['ip_idents', 'ip_idents_mask', 'u32'],
  ['ip_tstamps', 'ip_idents_mask', 'u32'],
];
/**
 * Variables that point to their own pages, with the number of pages: kernel/vmcore_info.c, kernel/power/swap.c,
 * drivers/ras/cec.c.
 */
const OWN_PAGES: readonly (readonly [variable: string, pages: number])[] = [
  ['vmcoreinfo_data', 1],
  ['vmcoreinfo_note', 2],
  ['swsusp_header', 1],
  ['ce_arr', 1],
];

/** Hash tables that alloc_large_system_hash() made with the page allocator (mm/mm_init.c). */
export const hashTables: Claimant = {
  name: 'hash tables',
  symbols: [
    ...TABLES.map(([table]) => table),
    ...TABLES.map(([, mask]) => mask),
    ...OWN_PAGES.map(([variable]) => variable),
    'tcp_hashinfo',
    'udp_table',
    'udplite_table',
    'tcp_metrics_hash',
    'tcp_metrics_hash_log',
  ],
  claim(machine, claims) {
    const { objects } = machine;
    const { memory } = objects;
    const code = classCode('kernel', 'hash_table');
    const claim = (address: VirtAddr, bytes: number): void => {
      claimReserved(machine, claims, { address, bytes, code });
    };
    for (const [table, mask, bucket] of TABLES) {
      const bytes = bucket === 'pointer' ? memory.format.wordBytes : 4;
      const [at, size] = [objects.findSymbol(table), objects.findSymbol(mask)];
      if (at !== undefined && size !== undefined) claim(memory.word(at), (memory.u32(size) + 1) * bytes);
    }
    for (const [variable, pages] of OWN_PAGES) {
      const at = objects.findSymbol(variable);
      if (at === undefined) continue;
      claimReserved(machine, claims, {
        address: memory.word(at),
        bytes: pages * memory.format.pageSize,
        code: classCode('kernel', 'variable'),
      });
    }
    const tcp = objects.find('inet_hashinfo');
    const tcpAt = objects.findSymbol('tcp_hashinfo');
    if (tcp && tcpAt !== undefined) {
      const buckets = tcp.number(tcpAt, 'bhash_size');
      const bucket = objects.struct('inet_bind_hashbucket').size;
      claim(
        tcp.word(tcpAt, 'ehash'),
        (tcp.number(tcpAt, 'ehash_mask') + 1) * objects.struct('inet_ehash_bucket').size,
      );
      // the second table, by address and port, directly follows the first
      claim(tcp.word(tcpAt, 'bhash'), buckets * bucket * (tcp.has('bhash2') ? 2 : 1));
    }
    const udp = objects.find('udp_table');
    for (const name of ['udp_table', 'udplite_table']) {
      const at = objects.findSymbol(name);
      if (!udp || at === undefined) continue;
      const slots = udp.number(at, 'mask') + 1;
      const second = udp.word(at, 'hash2') - udp.word(at, 'hash');
      claim(udp.word(at, 'hash'), Math.max(slots * objects.struct('udp_hslot').size * 2, Number(second) * 2));
    }
    const [metrics, log] = [
      objects.findSymbol('tcp_metrics_hash'),
      objects.findSymbol('tcp_metrics_hash_log'),
    ];
    if (metrics !== undefined && log !== undefined) {
      const bytes = memory.format.wordBytes * 2 ** memory.u32(log);
      claimKmalloc(machine, claims, { address: memory.word(metrics), bytes, code });
    }
  },
};

/** Tables of early boot are reserved memory, which needs no claim. */
function claimReserved(machine: Machine, claims: Claims, allocation: Allocation): void {
  const pfn = directPfn(machine, allocation.address);
  if (pfn === undefined || machine.isReserved(pfn)) return;
  claimExactly(machine, claims, allocation);
}
