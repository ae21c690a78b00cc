import { flagSet } from './flags';
import { cache, flagsAt, freeOrder, kind, order, place, raw, size, type, typeSlab } from './state';

const SET_SLOTS: u32 = 4096;

/** Where the counts are, each a u64: see src/views/summary.ts for what they come to. */
let classes: usize = 0;
let zones: usize = 0;
let folioOrders: usize = 0;
let caches: usize = 0;
let setTable: usize = 0;
let bitCounts: usize = 0;
let zoneShift: i32 = 0;
let zoneMask: u32 = 0;
let reservedBit: i32 = -1;
let lastSet: usize = 0;
let setsKnown: u32 = 0;

/** Slots of a zone: pages, then the pages of free blocks by order. */
const ZONE_SLOTS: usize = 32;

export function setSummary(classesAt: usize, zonesAt: usize, foliosAt: usize, cachesAt: usize, setsAt: usize, bitsAt: usize, shift: i32, mask: u32, reserved: i32): void {
  classes = classesAt;
  zones = zonesAt;
  folioOrders = foliosAt;
  caches = cachesAt;
  setTable = setsAt;
  bitCounts = bitsAt;
  zoneShift = shift;
  zoneMask = mask;
  reservedBit = reserved;
  setsKnown = 0;
  lastSet = 0;
  memory.fill(setTable, 0, SET_SLOTS << 4);
}

// @ts-expect-error: decorator
@inline
function add(at: usize): void {
  store<u64>(at, load<u64>(at) + 1);
}

/** Counts the pages whose indices are at `rows`. */
export function summarize(rows: usize, count: i32): void {
  for (let r = 0; r < count; r++) {
    const i = load<i32>(rows + (<usize>r << 2));
    const word = load<u64>(raw + <usize>i * size + flagsAt);
    const set = flagSet(word, i);
    addSet(set);
    const t = <i32>load<u8>(type + i);
    const k = <i32>load<u8>(kind + i);
    // 256 + kind for pages without a type; of those that map nothing the reserved ones are told apart
    const group = t ? t : k ? 256 + k : reservedBit >= 0 && (<u32>(set >> <u64>reservedBit) & 1) != 0 ? 510 : 511;
    add(classes + (<usize>group << 3));
    const zone = zones + (<usize>((<u32>(word >> <u64>zoneShift)) & zoneMask) * ZONE_SLOTS << 3);
    add(zone);
    const free = <usize>load<u8>(freeOrder + i);
    if (free != 255) add(zone + ((free + 1) << 3));
    else if (load<u8>(place + i) == 0) {
      const o = <usize>load<u8>(order + i);
      if (o != 255) add(folioOrders + (o << 3));
    }
    if (t == typeSlab && t) add(caches + (<usize>load<u16>(cache + (<usize>i << 1)) << 3));
  }
}

/** Counts a set of flags. The few hundred sets that there are fit the table: (set + 1, count). */
// @ts-expect-error: decorator
@inline
function addSet(set: u64): void {
  if (lastSet && load<u64>(lastSet) == set + 1) add(lastSet + 8);
  else addOtherSet(set);
}

function addOtherSet(set: u64): void {
  let slot = <u32>((set * 0x9e3779b97f4a7c15) >> 52);
  for (;;) {
    const entry = setTable + ((slot & (SET_SLOTS - 1)) << 4);
    const known = load<u64>(entry);
    if (known == set + 1) {
      add(entry + 8);
      lastSet = entry;
      return;
    }
    if (known == 0) {
      if (setsKnown >= SET_SLOTS / 2) {
        flushSets();
        slot = <u32>((set * 0x9e3779b97f4a7c15) >> 52);
        continue;
      }
      setsKnown++;
      store<u64>(entry, set + 1);
      store<u64>(entry, 1, 8);
      lastSet = entry;
      return;
    }
    slot++;
  }
}

/** Adds the counts of all sets to those of their bits, and forgets the sets. */
export function flushSets(): void {
  for (let slot: u32 = 0; slot < SET_SLOTS; slot++) {
    const entry = setTable + (slot << 4);
    const known = load<u64>(entry);
    if (known == 0) continue;
    const n = load<u64>(entry, 8);
    for (let rest = known - 1; rest; rest &= rest - 1) {
      const at = bitCounts + (<usize>ctz(rest) << 3);
      store<u64>(at, load<u64>(at) + n);
    }
  }
  memory.fill(setTable, 0, SET_SLOTS << 4);
  setsKnown = 0;
  lastSet = 0;
}
