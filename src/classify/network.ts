import { directPfn } from './allocations.ts';
import type { Claimant } from './claimant.ts';
import { classCode } from './classes.ts';

/** Per-CPU caches from which fragments for packets are cut: the variable, and the place of the cache in its struct. */
const CACHES: readonly (readonly [variable: string, struct: string, member: string])[] = [
  ['netdev_alloc_cache', 'page_frag_cache', ''],
  ['napi_alloc_cache', 'napi_alloc_cache', 'page'],
];

/** Pages from which fragments for packets are cut (mm/page_frag_cache.c, net/core/skbuff.c). */
export const packetFragments: Claimant = {
  name: 'caches of packet fragments',
  symbols: CACHES.map(([variable]) => variable),
  claim(machine, claims) {
    const { objects } = machine;
    const { pageSize } = objects.memory.format;
    const cache = objects.find('page_frag_cache');
    // since 6.13 the address and the order share a word, with the order in its low bits
    const encoded = cache?.has('encoded_page') === true;
    if (!cache?.has('va') && !encoded) return;
    for (const [variable, struct, member] of CACHES) {
      const holder = objects.find(struct);
      if (objects.findSymbol(variable) === undefined || !holder) continue;
      for (const cpu of objects.perCpu.cpus) {
        const base = objects.perCpu.symbol(variable, cpu);
        const at = member === '' ? base : holder.at(base, member);
        const word = cache.word(at, encoded ? 'encoded_page' : 'va');
        if (word === 0n) continue;
        const pages = encoded
          ? 2 ** Number(word & 0xffn)
          : cache.has('size')
            ? cache.number(at, 'size') / pageSize
            : 1;
        const pfn = directPfn(machine, word & ~BigInt(pageSize - 1));
        if (pfn !== undefined && pages >= 1 && pages <= 256) {
          claims.claim(pfn - (pfn % pages), classCode('socket', 'page_frag'), pages);
        }
      }
    }
  },
};
