import { flagSet } from './flags';
import { facts, flagsAt, raw, size, typeSlab } from './state';

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

@inline
function add(at: usize, n: u64): void {
  store<u64>(at, load<u64>(at) + n);
}

/** Counts the pages whose indices are at `rows`; `rows` 0: those from `first` on. */
export function summarize(rows: usize, first: i32, count: i32): void {
  const stride = <usize>size;
  const words = raw + flagsAt;
  const abouts = facts;
  let run: u64 = 0;
  let word: u64 = 0;
  let about: u64 = 0;
  for (let r = 0; r < count; r++) {
    const i = <usize>(rows ? load<i32>(rows + (<usize>r << 2)) : first + r);
    const thisWord = load<u64>(words + i * stride);
    const thisAbout = load<u64>(abouts + (i << 3));
    // neighbours are mostly alike: they are counted together
    if (thisWord == word && thisAbout == about) {
      run++;
      continue;
    }
    if (run) countRun(word, about, run);
    word = thisWord;
    about = thisAbout;
    run = 1;
  }
  if (run) countRun(word, about, run);
}

@inline
function countRun(word: u64, about: u64, n: u64): void {
  const set = flagSet(word, about);
  addSet(set, n);
  const t = <i32>((about >> 8) & 0xff);
  const k = <i32>((about >> 16) & 0xff);
  // 256 + kind for pages without a type; of those that map nothing the reserved ones are told apart
  const group = t ? t : k ? 256 + k : reservedBit >= 0 && (<u32>(set >> <u64>reservedBit) & 1) != 0 ? 510 : 511;
  add(classes + (<usize>group << 3), n);
  const zone = zones + (<usize>((<u32>(word >> <u64>zoneShift)) & zoneMask) * ZONE_SLOTS << 3);
  add(zone, n);
  const free = <usize>((about >> 24) & 0xff);
  if (free != 255) add(zone + ((free + 1) << 3), n);
  else if ((about & 0xff) == 0) {
    const order = <usize>((about >> 32) & 0xff);
    if (order != 255) add(folioOrders + (order << 3), n);
  }
  if (t && t == typeSlab) add(caches + (<usize>(about >> 48) << 3), n);
}

/** Counts a set of flags. The few hundred sets that there are fit the table: (set + 1, count). */
@inline
function addSet(set: u64, n: u64): void {
  if (lastSet && load<u64>(lastSet) == set + 1) add(lastSet + 8, n);
  else addOtherSet(set, n);
}

function addOtherSet(set: u64, n: u64): void {
  let slot = <u32>((set * 0x9e3779b97f4a7c15) >> 52);
  for (;;) {
    const entry = setTable + ((slot & (SET_SLOTS - 1)) << 4);
    const known = load<u64>(entry);
    if (known == set + 1) {
      add(entry + 8, n);
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
      store<u64>(entry, n, 8);
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
