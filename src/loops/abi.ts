export { CONSTANTS } from './constants.ts';

/**
 * The border between TypeScript and the loops (AssemblyScript in src/loops/assembly), defined once: records, settings and
 * functions here, named numbers in constants.ts. The build generates assembly/generated/ from it, and compares the
 * signatures with those of the compiled module. To add a loop, write it, and add its signature to FUNCTIONS under the name
 * of its file.
 */

/** Records in memory. In AssemblyScript each is an unmanaged class. */
export const RECORDS = {
  /** The result of the folio pass for a page. */
  Facts: {
    place: 'u8',
    type: 'u8',
    kind: 'u8',
    freeOrder: 'u8',
    order: 'u8',
    unused: 'u8',
    cache: 'u16',
  },
  /** A word has the page type `code` if its bits under `mask` equal `value`. */
  TypeRule: { mask: 'i32', value: 'i32', code: 'i32' },
  /** The condition for another name of a flag; -1 and 0 mean no condition. */
  AliasRule: {
    bit: 'i32',
    to: 'i32',
    kinds: 'u32',
    types: 'u32',
    withBit: 'i32',
    withoutBit: 'i32',
    /** Bit p is set if the rule applies to pages whose `Place` is p. */
    places: 'u32',
  },
  /** A slab cache by its address; 0 marks a free slot. */
  CacheSlot: { address: 'u64', code: 'i32', unused: 'u32' },
  /** The head of a folio that starts outside a batch; `key` is its pfn + 1, or 0 for a free slot. */
  HeadSlot: { key: 'i64', facts: 'u64', found: 'i32', isHead: 'i32' },
  /** Pages with the same flags word (as far as it is counted) and the same facts. */
  KindSlot: { word: 'u64', about: 'u64', pages: 'u64', unused: 'u64' },
  /** A text. It is copied in words of 8 bytes, so there must be room after it. */
  Text: { at: 'address', length: 'i32' },
  /** The text of a set of flags; `key` is the set + 1, or 0 for a free slot. */
  SetText: { key: 'u64', at: 'address', length: 'i32' },
  /** A column that `encode` writes. */
  Column: {
    kind: 'i32',
    /** Address of the value of page 0, and the distance between values in bytes. */
    at: 'address',
    stride: 'i32',
    shift: 'i32',
    mask: 'u64',
    /** The text before the value; its first 8 bytes are here. */
    beforeStart: 'u64',
    before: 'address',
    beforeLength: 'i32',
    /** Table of `Text` or `SetText`. */
    texts: 'address',
    /** 1 if pages that could not be read also have a value. */
    always: 'i32',
    /** 1 if it may differ between pages that are alike by the mask of rows. */
    differs: 'i32',
    /** How often a word differed from the previous one; the rest belongs to `encode`. */
    changes: 'i32',
    lastWord: 'u64',
    lastText: 'u64',
    lastAt: 'address',
    lastLength: 'i32',
    likeAt: 'address',
    next: 'address',
  },
  /** A step of an expression, from one or two vectors or a column to another vector or a bitmap. */
  Step: {
    operation: 'i32',
    from: 'address',
    other: 'address',
    to: 'address',
    stride: 'i32',
    shift: 'i32',
    /** A constant, both ends of a range, or the mask of a field. */
    low: 'u64',
    high: 'u64',
    /** Words in ascending order. */
    table: 'address',
    length: 'i32',
    /** 1 to negate the test, except for empty values. */
    negated: 'i32',
  },
  /** The result of a call of `encode`. */
  Encoded: {
    /** Number of rows written. */
    rows: 'i32',
    /** The column that lacks a text for `set`, which the host must add before `encode` continues; -1 if none. */
    column: 'i32',
    set: 'u64',
    entry: 'address',
  },
} as const;

/**
 * Settings that the host makes before any loop runs. For each group there is a function `set<Group>` that takes the address
 * of such a record, and each field is a variable of the loops. Offsets (`...At`) are bytes within a struct page.
 */
export const SETTINGS = {
  /** The struct pages of a batch, a byte for each (0 is readable), and room for two outside the batch. */
  Batch: { raw: 'address', states: 'address', outside: 'address' },
  Members: {
    /** sizeof(struct page), and its logarithm, or -1 if it is not a power of two. */
    size: 'i32',
    sizeLog: 'i32',
    /** Number of struct pages of which the first can be a fake head; 0 if there are no fake heads. */
    fakeEvery: 'i32',
    flagsAt: 'i32',
    compoundAt: 'i32',
    mapcountAt: 'i32',
    refcountAt: 'i32',
    privateAt: 'i32',
    mappingAt: 'i32',
    /** -1 if this kernel lacks the member. */
    slabCacheAt: 'i32',
  },
  Folios: {
    headMask: 'u32',
    slabMask: 'u32',
    /** 1 if a tail may hold a mask (since 7.1); there are no fake heads then. */
    tailMayBeMask: 'i32',
    /** Address of the struct page of pfn 0; 0 without vmemmap, when the host is called instead. */
    base: 'u64',
    /** Offset of the order of a folio from its head, or -1 for the low byte of page[1].flags. */
    orderByte: 'i32',
    hugetlbBy: 'i32',
    hugetlbAt: 'i32',
    hugetlbValue: 'i32',
    movableByMapping: 'i32',
    /** The lowest pointer to a kernel object, and the distance to the highest. */
    pointersFrom: 'u64',
    pointersSpan: 'u64',
  },
  Types: {
    /** 1 if the high byte is the number of the type, looked up in a table of 256; 0 for rules. */
    typeByByte: 'i32',
    typeTable: 'address',
    typeRules: 'address',
    typeRuleCount: 'i32',
    /** Words below this are types, known or not; the lowest number if only words with a code are. */
    typedBelow: 'i32',
    typeBuddy: 'i32',
    typeSlab: 'i32',
    typeHugetlb: 'i32',
    /** 256 bytes: 1 for types whose pages may be movable. */
    mayBeMovable: 'address',
  },
  Aliases: {
    aliasRules: 'address',
    aliasCount: 'i32',
    /** The bits that rules examine. */
    aliasBits: 'u32',
    /** The bits of the flags word that are flags, and those that are flags in a tail. */
    flagBits: 'u64',
    tailFlagBits: 'u64',
    /** Sets of flags with aliases resolved: a u64 per page. */
    sets: 'address',
  },
  /** Counts of a large folio, as offsets from its head; -1 if this kernel lacks the member. */
  Counts: {
    entireAt: 'i32',
    nrMappedAt: 'i32',
    largeAt: 'i32',
    /**
     * The flag of page[1] which means that a folio is mapped both as a whole and in parts, so that each page is counted
     * once more (until 6.1).
     */
    doubleMapMask: 'u32',
    /** 1 if pages of files also count mappings of the whole folio (until 6.1). */
    filesCountAlone: 'i32',
    /** A word that means no map count. */
    noCount: 'i32',
  },
  /** Output of the folio pass: `Facts` of each page, and a double for the pfn of its head (0 if not needed). */
  Outputs: {
    facts: 'address',
    head: 'address',
    cacheTable: 'address',
    headTable: 'address',
    masks: 'address',
  },
  /** Where a summary counts; each count is a u64. */
  Summary: {
    classes: 'address',
    zones: 'address',
    folioOrders: 'address',
    caches: 'address',
    kinds: 'address',
    bitCounts: 'address',
    zoneShift: 'i32',
    zoneMask: 'u32',
    /** The bit of `reserved` in a set of flags, or -1. */
    reservedBit: 'i32',
  },
  Style: {
    /** `Column` of each column. */
    columns: 'address',
    columnCount: 'i32',
    /** The character around words, or 0. */
    quote: 'i32',
    emptyText: 'address',
    emptyLength: 'i32',
    endText: 'address',
    endLength: 'i32',
    /**
     * Bits of a struct page and, after `Masks.reach` bytes, of its facts that determine the columns; 0 if rows are never
     * copied.
     */
    rowMask: 'address',
    /** Where `Encoded` is written. */
    encoded: 'address',
  },
} as const;

/** Functions of the host that the loops call. Each call is rare. */
export const HOST = {
  /** Reads the two struct pages at the head of a folio to `outside`; returns one of HeadRead. */
  readHead: [['f64 pfn'], 'i32'],
  /** The pfn whose struct page is at an address, without vmemmap; negative if there is none. */
  pfnOf: [['u32 low', 'u32 high'], 'f64'],
  /** The code of the slab cache at an address. */
  slabCache: [['u32 low', 'u32 high'], 'i32'],
} as const;

/** The functions of each file in src/loops/assembly, which documents them. */
export const FUNCTIONS = {
  alike: { makeMasks: [[], 'void'] },
  heads: { forgetHeads: [[], 'void'] },
  doubt: {
    doubt: [['f64 start', 'i32 count'], 'i32'],
    mayHaveFlags: [['u64 mask'], 'i32'],
  },
  folio: {
    folios: [['f64 start', 'i32 count'], 'void'],
    summarizeAll: [['f64 start', 'i32 count'], 'void'],
  },
  counts: { mapcounts: [['f64 start', 'i32 count', 'address to'], 'void'] },
  flags: { flagSets: [['i32 count'], 'void'] },
  summary: {
    startSummary: [[], 'void'],
    summarize: [['address rows', 'i32 first', 'i32 count'], 'void'],
    flushKinds: [[], 'void'],
  },
  gather: {
    ramp: [['address to', 'i32 count', 'u64 first', 'u64 step'], 'void'],
    sections: [['address to', 'i32 count', 'f64 start', 'f64 perSection'], 'void'],
    splitWords: [['address from', 'i32 stride', 'i32 count', 'address low', 'address high'], 'void'],
    gather8: [['address from', 'i32 stride', 'i32 count', 'address to'], 'void'],
    gather16: [['address from', 'i32 stride', 'i32 count', 'address to'], 'void'],
    gather32: [['address from', 'i32 stride', 'i32 count', 'address to'], 'void'],
    gatherField: [['address from', 'i32 stride', 'i32 count', 'i32 shift', 'u32 mask', 'address to'], 'void'],
    gatherMapcounts: [['address from', 'i32 stride', 'i32 count', 'address to', 'address empty'], 'void'],
  },
  filter: {
    maskedEqual: [['address from', 'i32 stride', 'i32 count', 'u64 mask', 'u64 value', 'address to'], 'void'],
    fieldWithin: [
      [
        'address from',
        'i32 stride',
        'i32 count',
        'i32 shift',
        'u64 mask',
        'u64 low',
        'u64 high',
        'i32 negate',
        'address to',
      ],
      'void',
    ],
    intWithin: [
      [
        'address from',
        'i32 stride',
        'i32 count',
        'i64 low',
        'i64 high',
        'i32 typed',
        'i32 negate',
        'address to',
      ],
      'void',
    ],
    doubleWithin: [['address from', 'i32 count', 'f64 low', 'f64 high', 'i32 negate', 'address to'], 'void'],
    optionalWithin: [['address from', 'i32 count', 'u64 low', 'u64 high', 'address to'], 'void'],
    byteWithin: [
      [
        'address from',
        'i32 stride',
        'i32 count',
        'i32 low',
        'i32 high',
        'i32 empty',
        'i32 negate',
        'address to',
      ],
      'void',
    ],
    codeEquals: [
      ['address from', 'i32 stride', 'i32 count', 'i32 value', 'i32 negate', 'address to'],
      'void',
    ],
    typedWords: [['address from', 'i32 stride', 'i32 count', 'address to'], 'void'],
    fillBits: [['i32 count', 'i32 value', 'address to'], 'void'],
    andBits: [['address into', 'address other', 'i32 count'], 'void'],
    orBits: [['address into', 'address other', 'i32 count'], 'void'],
    notBits: [['address into', 'i32 count'], 'void'],
    countBits: [['address from', 'i32 count'], 'i32'],
    pickRows: [
      [
        'address bits',
        'address statesAt',
        'i32 start',
        'i32 end',
        'i32 unreadable',
        'i32 limit',
        'address to',
      ],
      'i32',
    ],
    codesAmong: [
      ['address from', 'i32 stride', 'i32 count', 'i32 bytes', 'address table', 'i32 length', 'address to'],
      'void',
    ],
    countStates: [['address statesAt', 'i32 start', 'i32 end', 'address to'], 'void'],
  },
  expression: {
    runSteps: [['address steps', 'i32 stepCount', 'i32 count', 'address to'], 'void'],
  },
  encode: {
    encode: [['address rows', 'i32 first', 'i32 count', 'address to', 'address limit'], 'address'],
  },
  widen: {
    widenHalves: [
      [
        'address low',
        'address high',
        'i32 count',
        'address empty',
        'i32 zeroIsEmpty',
        'address to',
        'address levels',
      ],
      'i32',
    ],
    widenNumbers: [
      ['i32 type', 'address from', 'i32 count', 'address empty', 'address to', 'address levels'],
      'i32',
    ],
    extremes: [['address words', 'i32 count', 'i32 signed', 'address out'], 'void'],
    narrowWords: [['address words', 'i32 count', 'address to'], 'void'],
  },
  dictionary: {
    internWords: [
      [
        'address from',
        'i32 count',
        'address slots',
        'i32 slotBits',
        'address words',
        'i32 known',
        'i32 most',
        'address to',
      ],
      'i32',
    ],
    forgetWords: [['address words', 'i32 known', 'address slots', 'i32 slotBits'], 'void'],
    internCodes: [
      [
        'i32 bytes',
        'address from',
        'i32 count',
        'address empty',
        'address own',
        'address order',
        'address seen',
        'i32 page',
        'address to',
        'address levels',
      ],
      'i32',
    ],
    noteCodes: [['address codes', 'i32 count', 'address seen', 'i32 page'], 'void'],
  },
  packing: {
    packHybrid: [['address values', 'i32 count', 'i32 width', 'address to'], 'address'],
    packLevels: [['address levels', 'i32 count', 'address to'], 'address'],
    packDeltas: [['address words', 'i32 count', 'address scratch', 'address to'], 'address'],
  },
  snappy: { snappy: [['address from', 'i32 length', 'address table', 'address to'], 'address'] },
} as const;
