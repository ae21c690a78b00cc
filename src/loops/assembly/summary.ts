import { countAlso } from './alike';
import { cacheOf, freeOrderOf, kindOf, orderOf, placeOf, typeOf } from './facts';
import { flagSet } from './flags';
import {
  bitCounts,
  caches,
  classes,
  facts,
  flagBits,
  flagsAt,
  folioOrders,
  KIND_SLOT_BYTES,
  kinds,
  KindSlot,
  Order,
  PageClass,
  Place,
  raw,
  reservedBit,
  size,
  Slots,
  tailFlagBits,
  typeSlab,
  zoneMask,
  zones,
  zoneShift,
} from './generated/abi';

/** The bits of the flags word that are counted. */
let counted: u64 = 0;
let lastKind: usize = 0;
let kindsKnown: i32 = 0;

/** Starts to count, once all settings are made. */
export function startSummary(): void {
  counted = flagBits | tailFlagBits | (<u64>zoneMask << <u64>zoneShift);
  forgetKinds();
  countAlso(counted);
}

function forgetKinds(): void {
  memory.fill(kinds, 0, Slots.kinds * KIND_SLOT_BYTES);
  kindsKnown = 0;
  lastKind = kinds;
}

@inline
function add(at: usize, n: u64): void {
  store<u64>(at, load<u64>(at) + n);
}

/** Counts the pages whose indices are at `rows` (0: those from `first` on). */
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
    // neighbours are mostly alike: count them together
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

/** Counts `n` pages that are alike; the result for each kind is computed once, at the end. */
@inline
export function addRun(word: u64, about: u64, n: u64): void {
  const key = word & counted;
  const last = changetype<KindSlot>(lastKind);
  if (last.word == key && last.about == about) last.pages += n;
  else addOtherRun(key, about, n);
}

function addOtherRun(key: u64, about: u64, n: u64): void {
  let slot = slotOf(key, about);
  for (;;) {
    const at = kinds + (slot & (Slots.kinds - 1)) * KIND_SLOT_BYTES;
    const entry = changetype<KindSlot>(at);
    if (entry.pages == 0) {
      if (kindsKnown >= Slots.kinds / 2) {
        flushKinds();
        slot = slotOf(key, about);
        continue;
      }
      kindsKnown++;
      entry.word = key;
      entry.about = about;
      entry.pages = n;
      lastKind = at;
      return;
    }
    if (entry.word == key && entry.about == about) {
      entry.pages += n;
      lastKind = at;
      return;
    }
    slot++;
  }
}

@inline
function slotOf(key: u64, about: u64): u32 {
  return <u32>((key * 0x9e3779b97f4a7c15 + about * 0xc2b2ae3d27d4eb4f) >> 52);
}

/** Adds up the counts of each kind, and forgets the kinds. */
export function flushKinds(): void {
  for (let slot = 0; slot < Slots.kinds; slot++) {
    const entry = changetype<KindSlot>(kinds + slot * KIND_SLOT_BYTES);
    if (entry.pages) countKind(entry.word, entry.about, entry.pages);
  }
  forgetKinds();
}

function countKind(word: u64, about: u64, n: u64): void {
  const set = flagSet(word, about);
  for (let rest = set; rest; rest &= rest - 1) add(bitCounts + (<usize>ctz(rest) << 3), n);
  const type = typeOf(about);
  const kind = kindOf(about);
  // of pages without a type that map nothing, reserved ones are counted separately
  const isReserved = reservedBit >= 0 && ((set >> <u64>reservedBit) & 1) != 0;
  const group = type ? type : kind ? PageClass.kinds + kind : isReserved ? PageClass.reserved : PageClass.other;
  add(classes + (<usize>group << 3), n);
  const zone = zones + (<usize>((<u32>(word >> <u64>zoneShift)) & zoneMask) * Slots.zone << 3);
  add(zone, n);
  const free = freeOrderOf(about);
  if (free != Order.notFree) add(zone + ((<usize>free + 1) << 3), n);
  else if (placeOf(about) == Place.plain) {
    const order = orderOf(about);
    if (order != Order.unknown) add(folioOrders + (<usize>order << 3), n);
  }
  if (type && type == typeSlab) add(caches + (<usize>cacheOf(about) << 3), n);
}
