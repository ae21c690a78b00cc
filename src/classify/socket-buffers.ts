import type { VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';
import type { CacheName } from '../objects/slab/active-objects.ts';
import { directPfn } from './allocations.ts';
import { type Claimant, type Machine, pfnOfPage } from './claimant.ts';
import { classCode, PAGE_CLASSES } from './classes.ts';
import { claimCompound, isUnclaimed } from './late-claims.ts';

/** The data of a packet, which its clones share (include/linux/skbuff.h, struct skb_shared_info). */
export interface PacketData {
  /** Address of the first sk_buff that has it. */
  readonly packet: VirtAddr;
  /** Start of its linear part. */
  readonly head: VirtAddr;
  /** Whether the linear part is a page fragment rather than memory of kmalloc(). */
  readonly inFragment: boolean;
  /** Its pages, and the addresses of the pointers to them. */
  readonly fragments: readonly { readonly page: VirtAddr; readonly at: VirtAddr }[];
}

/** Caches of packets. Of a pair only the first is examined, whose data the second shares. */
const CACHES: readonly CacheName[] = [
  {
    variables: ['net_hotdata.skbuff_cache', 'skbuff_cache', 'skbuff_head_cache'],
    name: 'skbuff_head_cache',
  },
  { variables: ['net_hotdata.skbuff_fclone_cache', 'skbuff_fclone_cache'], name: 'skbuff_fclone_cache' },
];
/** Larger than any configurable MAX_SKB_FRAGS. */
const MOST_FRAGMENTS = 64;
/** Larger than any linear part: the largest order of kmalloc(). */
const MOST_BYTES = 2 ** 23;

/**
 * The data of every packet in the machine, once each; call it after the struct pages were examined. Throws ChainError at
 * the end if a free list was damaged.
 */
export function* packets(machine: Machine, codes: Uint8Array): Generator<PacketData> {
  const { objects, active } = machine;
  const seen = freePackets(objects);
  for (const cache of CACHES) {
    for (const at of active.of(cache)) {
      if (seen.has(at)) continue;
      const data = dataOf(objects, at);
      if (!data || seen.has(data.head) || !isInUse(machine, codes, data.head)) continue;
      seen.add(data.head);
      yield data;
    }
  }
}

/** The data of a packet; undefined for an object of another kind, whose pointers are not in the order of a packet's. */
function dataOf(objects: Objects, at: VirtAddr): PacketData | undefined {
  const skb = objects.struct('sk_buff');
  const shared = objects.struct('skb_shared_info');
  if (skb.number(at, 'users.refs.counter') === 0) return undefined;
  const head = skb.word(at, 'head');
  const end = skb.word(at, 'end');
  // offsets on 64-bit kernels, pointers on 32-bit kernels
  const base = skb.place('end').size === 4 && objects.memory.format.wordBytes === 8 ? head : 0n;
  const info = base + end;
  const data = skb.word(at, 'data');
  const tail = base + skb.word(at, 'tail');
  if (head === 0n || data < head || tail < data || info < tail || info - head > MOST_BYTES) return undefined;
  if (objects.memory.physical(head) === undefined || objects.memory.physical(info) === undefined)
    return undefined;
  const { offset, size, length } = shared.place('frags');
  const count = shared.number(info, 'nr_frags');
  if (count > (length ?? 0)) return undefined;
  const fragments = [];
  for (let i = 0; i < Math.min(count, length ?? 0, MOST_FRAGMENTS); i++) {
    const slot = info + BigInt(offset + (i * size) / length!);
    const page = objects.memory.word(slot);
    // the lowest bit marks device memory (netmem, since 6.8)
    if (page !== 0n && (page & 1n) === 0n) fragments.push({ page, at: slot });
  }
  return { packet: at, head, inFragment: skb.number(at, 'head_frag') === 1, fragments };
}

/**
 * Whether memory has not been freed: of a pair of packets, one may have been freed with its data while the other is in use.
 */
function isInUse({ states, objects }: Machine, codes: Uint8Array, at: VirtAddr): boolean {
  const physical = objects.memory.physical(at);
  if (physical === undefined) return false;
  const pfn = Math.floor(physical / objects.memory.format.pageSize);
  const { name } = PAGE_CLASSES[codes[pfn] ?? 0]!;
  return name === 'slab' ? states.at(pfn, at)?.state === 'active' : !name.startsWith('free_');
}

/** Free packets that a CPU keeps for the next one (napi_alloc_cache, since 5.13). */
function freePackets(objects: Objects): Set<VirtAddr> {
  const free = new Set<VirtAddr>();
  const type = objects.find('napi_alloc_cache');
  if (!type?.has('skb_cache') || objects.findSymbol('napi_alloc_cache') === undefined) return free;
  const { length } = type.place('skb_cache');
  for (const cpu of objects.perCpu.cpus) {
    const at = objects.perCpu.symbol('napi_alloc_cache', cpu);
    const count = Math.min(type.number(at, 'skb_count'), length ?? 0);
    const first = type.at(at, 'skb_cache');
    const { wordBytes } = objects.memory.format;
    for (let i = 0; i < count; i++) free.add(objects.memory.word(first + BigInt(i * wordBytes)));
  }
  return free;
}

/** Claims pages that hold only packet data. Pages of files and processes that packets refer to keep their class. */
export const socketBuffers: Claimant = {
  name: 'packets of sockets',
  symbols: [
    'napi_alloc_cache',
    'slab_caches',
    ...CACHES.flatMap((c) => c.variables.map((v) => v.split('.')[0]!)),
  ],
  claim(machine, claims) {
    const code = classCode('socket', 'packet');
    for (const { head, fragments } of packets(machine, claims.codes)) {
      const pfns = fragments.map(({ page }) => pfnOfPage(machine, page));
      pfns.push(directPfn(machine, head));
      for (const pfn of pfns) {
        if (pfn !== undefined && isUnclaimed(claims, pfn)) claimCompound(machine, claims, pfn, code);
      }
    }
  },
};
