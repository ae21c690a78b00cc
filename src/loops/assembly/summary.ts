import { countAlso } from './alike';
import { flagSet } from './flags';
import { facts, flagBits, flagsAt, raw, size, tailFlagBits, typeSlab } from './state';

const KIND_SLOTS: u32 = 4096;

/** Where the counts are, each a u64: see src/views/summary.ts for what they come to. */
let classes: usize = 0;
let zones: usize = 0;
let folioOrders: usize = 0;
let caches: usize = 0;
/** Kinds of pages that were met, by hash: flags word, facts, count, nothing; a u64 each. */
let kinds: usize = 0;
let bitCounts: usize = 0;
let zoneShift: i32 = 0;
let zoneMask: u32 = 0;
let reservedBit: i32 = -1;
/** The bits of the flags word that are counted. */
let counted: u64 = 0;
let lastKind: usize = 0;
let kindsKnown: u32 = 0;

/** Slots of a zone: pages, then the pages of free blocks by order. */
const ZONE_SLOTS: usize = 32;

export function setSummary(classesAt: usize, zonesAt: usize, foliosAt: usize, cachesAt: usize, kindsAt: usize, bitsAt: usize, shift: i32, mask: u32, reserved: i32): void {
  classes = classesAt;
  zones = zonesAt;
  folioOrders = foliosAt;
  caches = cachesAt;
  kinds = kindsAt;
  bitCounts = bitsAt;
  zoneShift = shift;
  zoneMask = mask;
  reservedBit = reserved;
  counted = flagBits | tailFlagBits | (<u64>mask << <u64>shift);
  kindsKnown = 0;
  lastKind = kinds;
  memory.fill(kinds, 0, KIND_SLOTS << 5);
  countAlso(counted);
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
    if (run) addRun(word, about, run);
    word = thisWord;
    about = thisAbout;
    run = 1;
  }
  if (run) addRun(word, about, run);
}

/** Counts `n` pages that are alike; what that comes to is worked out once for all of a kind. */
@inline
export function addRun(word: u64, about: u64, n: u64): void {
  const key = word & counted;
  if (load<u64>(lastKind) == key && load<u64>(lastKind, 8) == about) add(lastKind + 16, n);
  else addOtherRun(key, about, n);
}

function addOtherRun(key: u64, about: u64, n: u64): void {
  let slot = slotOf(key, about);
  for (;;) {
    const entry = kinds + ((slot & (KIND_SLOTS - 1)) << 5);
    if (load<u64>(entry, 16) == 0) {
      if (kindsKnown >= KIND_SLOTS / 2) {
        flushKinds();
        slot = slotOf(key, about);
        continue;
      }
      kindsKnown++;
      store<u64>(entry, key);
      store<u64>(entry, about, 8);
      store<u64>(entry, n, 16);
      lastKind = entry;
      return;
    }
    if (load<u64>(entry) == key && load<u64>(entry, 8) == about) {
      add(entry + 16, n);
      lastKind = entry;
      return;
    }
    slot++;
  }
}

@inline
function slotOf(key: u64, about: u64): u32 {
  return <u32>((key * 0x9e3779b97f4a7c15 + about * 0xc2b2ae3d27d4eb4f) >> 52);
}

/** Adds up what was counted of each kind, and forgets the kinds. */
export function flushKinds(): void {
  for (let slot: u32 = 0; slot < KIND_SLOTS; slot++) {
    const entry = kinds + (slot << 5);
    const n = load<u64>(entry, 16);
    if (n) countKind(load<u64>(entry), load<u64>(entry, 8), n);
  }
  memory.fill(kinds, 0, KIND_SLOTS << 5);
  kindsKnown = 0;
  lastKind = kinds;
}

function countKind(word: u64, about: u64, n: u64): void {
  const set = flagSet(word, about);
  for (let rest = set; rest; rest &= rest - 1) add(bitCounts + (<usize>ctz(rest) << 3), n);
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
