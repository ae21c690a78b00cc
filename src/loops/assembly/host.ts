/** What the loops ask of the host; each is rare. */

/** Puts the two struct pages at the head of a folio to `outside`; 1 if both could be read. */
@external('host', 'readHead')
export declare function readHead(pfn: f64): i32;

/** The pfn whose struct page is at an address, where there is no vmemmap; negative if it is none. */
@external('host', 'pfnOf')
export declare function pfnOf(low: u32, high: u32): f64;

/** The code of the slab cache at an address. */
@external('host', 'slabCache')
export declare function slabCache(low: u32, high: u32): i32;

/** Makes the text of a set of flags; its entry (u64 set, u32 address, u32 length) is at the address that is returned. */
@external('host', 'setText')
export declare function setText(column: i32, low: u32, high: u32): usize;
