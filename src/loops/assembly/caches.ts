import { CACHE_SLOT_BYTES, CacheSlot, cacheTable, slabCache, slabCacheAt, Slots } from './generated/abi';

let cachesKnown: i32 = 0;

/** Code of the slab cache whose page is at `at`. */
export function cacheOf(at: usize): i32 {
  if (slabCacheAt < 0) return 0;
  const address = load<u64>(at + slabCacheAt);
  if (address == 0) return 0;
  let slot = (<u32>(address >> 6) * 0x9e3779b1) >>> 20;
  let entry = cacheSlot(slot);
  for (; entry.address != 0; entry = cacheSlot(++slot)) if (entry.address == address) return entry.code;
  const code = slabCache(<u32>address, <u32>(address >> 32));
  // a table that is half full is full: other caches are requested each time
  if (cachesKnown < Slots.caches / 2) {
    cachesKnown++;
    entry.address = address;
    entry.code = code;
  }
  return code;
}

@inline
function cacheSlot(slot: u32): CacheSlot {
  return changetype<CacheSlot>(cacheTable + (slot & (Slots.caches - 1)) * CACHE_SLOT_BYTES);
}
