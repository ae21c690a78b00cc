/**
 * What the host fixes before any loop runs: where things are in memory, and the layout of one kernel's struct page as
 * numbers. Offsets are bytes within a struct page; pointers are addresses in the module's memory.
 */

/** The struct pages of a batch, one behind the other, and one byte for each: 0 is readable. */
export let raw: usize = 0;
export let states: usize = 0;
/** sizeof(struct page). */
export let size: i32 = 64;

export let flagsAt: i32 = 0;
export let compoundAt: i32 = 0;
export let mapcountAt: i32 = 0;
export let refcountAt: i32 = 0;
export let privateAt: i32 = 0;
export let mappingAt: i32 = 0;
/** -1 where this kernel has no such member. */
export let slabCacheAt: i32 = -1;

export let headMask: u32 = 0;
export let slabMask: u32 = 0;
/** A tail may hold a mask (7.1 on); there are no fake heads then. */
export let tailMayBeMask: i32 = 0;
/** log2(size), or -1 if it is no power of two: what the mask of a tail is shifted by. */
export let sizeLog: i32 = 6;
/** Of how many struct pages the first can be a fake head. */
export let fakeEvery: i32 = 64;
/** Address of the struct page of pfn 0; 0 without vmemmap: then the host is asked. */
export let base: u64 = 0;
/** Where the order of a folio is: bytes from its head, or -1 for the low byte of page[1].flags. */
export let orderByte: i32 = -1;
/** How hugetlb is told: 0 by page type, 1 by a byte behind the head, 2 by a flag of page[1]. */
export let hugetlbBy: i32 = 0;
export let hugetlbAt: i32 = 0;
export let hugetlbValue: i32 = 0;
export let movableByMapping: i32 = 0;

/** 1: the high byte is the number of the type, looked up in a table of 256; 0: rules of (mask, value, code). */
export let typeByByte: i32 = 0;
export let typeTable: usize = 0;
export let typeRules: usize = 0;
export let typeRuleCount: i32 = 0;
/** A word below this is a type, known or not; typedBelow = i32.MIN_VALUE: only those that have a code. */
export let typedBelow: i32 = 0;
export let typeBuddy: i32 = 0;
export let typeSlab: i32 = 0;
export let typeHugetlb: i32 = 0;
/** 256 bytes: 1 for types whose pages may be movable. */
export let mayBeMovable: usize = 0;

/**
 * What the folio pass writes. `facts` has 8 bytes a page, from the lowest: place, type, kind, order of the free block, order of
 * the folio, nothing, and two of the slab cache. `head` has a double a page, and is written only if it is not 0.
 */
export let facts: usize = 0;
export let head: usize = 0;
/** Two struct pages of a head that lies outside of the batch: the host puts them here. */
export let outside: usize = 0;

/** Slab caches by address: CACHE_SLOTS of (u64 address, u32 code, u32 free). */
export let cacheTable: usize = 0;

/** Aliases of flags: rules of 7 i32, and the bits that any of them looks at. */
export let aliasRules: usize = 0;
export let aliasCount: i32 = 0;
export let aliasBits: u32 = 0;
/** The bits of the flags word that are flags, and of them those that are flags in a tail. */
export let flagBits: u64 = 0;
export let tailFlagBits: u64 = 0;
/** The sets of flags with their aliases resolved: a u64 a page. */
export let sets: usize = 0;

export function setBatch(rawAt: usize, statesAt: usize, outsideAt: usize): void {
  raw = rawAt;
  states = statesAt;
  outside = outsideAt;
}

export function setMembers(
  structSize: i32,
  log: i32,
  flags: i32,
  compound: i32,
  mapcount: i32,
  refcount: i32,
  privateWord: i32,
  mapping: i32,
  slabCache: i32,
): void {
  size = structSize;
  sizeLog = log;
  fakeEvery = 4096 / structSize;
  flagsAt = flags;
  compoundAt = compound;
  mapcountAt = mapcount;
  refcountAt = refcount;
  privateAt = privateWord;
  mappingAt = mapping;
  slabCacheAt = slabCache;
}

export function setFolios(
  headBit: u32,
  slabBit: u32,
  mask: i32,
  vmemmap: u64,
  orderAt: i32,
  hugeBy: i32,
  hugeAt: i32,
  hugeValue: i32,
  movable: i32,
): void {
  headMask = headBit;
  slabMask = slabBit;
  tailMayBeMask = mask;
  base = vmemmap;
  orderByte = orderAt;
  hugetlbBy = hugeBy;
  hugetlbAt = hugeAt;
  hugetlbValue = hugeValue;
  movableByMapping = movable;
}

export function setTypes(
  byByte: i32,
  table: usize,
  rules: usize,
  ruleCount: i32,
  below: i32,
  buddy: i32,
  slab: i32,
  hugetlb: i32,
  movableTypes: usize,
): void {
  typeByByte = byByte;
  typeTable = table;
  typeRules = rules;
  typeRuleCount = ruleCount;
  typedBelow = below;
  typeBuddy = buddy;
  typeSlab = slab;
  typeHugetlb = hugetlb;
  mayBeMovable = movableTypes;
}

export function setOutputs(factsAt: usize, headAt: usize, cacheSlots: usize): void {
  facts = factsAt;
  head = headAt;
  cacheTable = cacheSlots;
}

export function setAliases(
  rules: usize,
  count: i32,
  bits: u32,
  allFlags: u64,
  tailFlags: u64,
  setsAt: usize,
): void {
  aliasRules = rules;
  aliasCount = count;
  aliasBits = bits;
  flagBits = allFlags;
  tailFlagBits = tailFlags;
  sets = setsAt;
}
