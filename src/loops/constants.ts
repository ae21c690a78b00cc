/** Named numbers; in AssemblyScript each of these is a `const enum`. */
export const CONSTANTS = {
  /** The states of a struct page, as in PAGE_STATES. */
  State: { ok: 0, absent: 1, doubtful: 9 },
  /** The result of `readHead`: readable, unreadable, or no such struct page. */
  HeadRead: { absent: -1, bad: 0, good: 1 },
  /** The place of a page in its folio; a fake head is a tail whose struct page is a second mapping of its head's. */
  Place: { plain: 0, tail: 1, second: 2, fakeHead: 3 },
  /** What `mapping` points to. */
  MappingKind: { none: 0, anon: 1, ksm: 2, movable: 3, file: 4 },
  /** The halves of a 64-bit value that means none: no address of a page, and no count. */
  Nothing: { low: 1, high: -0x80000000 },
  /** Limits of the orders of folios and of free blocks. */
  Order: { most: 30, unknown: 255, notFree: 255 },
  /** How the head of a hugetlb folio is recognised: by page type, by a byte after the head, by a flag of page[1]. */
  HugetlbBy: { type: 0, destructor: 1, flag: 2 },
  /** How `encode` reads and writes the values of a column. */
  ValueKind: {
    empty: 0,
    int: 1,
    field: 2,
    double: 3,
    word: 4,
    byte: 5,
    mapcount: 6,
    name8: 7,
    name16: 8,
    name32: 9,
    nameField: 10,
    set: 11,
    optional: 12,
    optionalWord: 13,
  },
  /** Classes of pages that a summary counts: types by code, kinds of mapping from `kinds` on, and the rest. */
  PageClass: { kinds: 256, reserved: 510, other: 511 },
  /** Sizes of tables; those of hash tables are powers of two. A zone has `pages`, then free pages by order. */
  Slots: {
    caches: 4096,
    heads: 8192,
    sets: 1024,
    kinds: 4096,
    zone: 32,
    classes: 512,
    orders: 256,
    bits: 64,
    states: 16,
  },
  /**
   * Number of rows for which an expression is calculated at a time, and the places of a vector's high halves and of its
   * bitmap of empty values.
   */
  Vectors: { rows: 512, high: 4096, empty: 8192, bytes: 8256 },
  /** What a `Step` does. expression.ts depends on this order. */
  Operation: {
    loadInt: 0,
    loadMapcount: 1,
    loadField: 2,
    loadDouble: 3,
    loadByte: 4,
    loadOptional: 5,
    loadNothing: 6,
    constant: 7,
    widenSigned: 8,
    widenUnsigned: 9,
    divide: 10,
    checkShifts: 11,
    add: 12,
    subtract: 13,
    multiply: 14,
    and: 15,
    or: 16,
    xor: 17,
    shiftLeft: 18,
    shiftRight: 19,
    shiftRightSigned: 20,
    addWide: 21,
    subtractWide: 22,
    multiplyWide: 23,
    andWide: 24,
    orWide: 25,
    xorWide: 26,
    shiftLeftWide: 27,
    shiftRightWide: 28,
    equal: 29,
    less: 30,
    lessSigned: 31,
    equalWide: 32,
    lessWide: 33,
    within: 34,
    among: 35,
    isEmpty: 36,
  },
  /** Types of the numbers of a column. */
  Numbers: { i8: 0, u8: 1, u16: 2, i32: 3, u32: 4, f64: 5 },
  /** Size of the masks of alike.ts, and their reach in a struct page, in bytes. */
  Masks: { bytes: 1280, reach: 128 },
} as const;
