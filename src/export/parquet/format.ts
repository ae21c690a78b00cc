/** Numbers of parquet.thrift (apache/parquet-format). */
export const PHYSICAL = { int32: 1, int64: 2, double: 5, bytes: 6 } as const;
export const CONVERTED = { utf8: 0, timestampMillis: 9, uint64: 14 } as const;
export const ENCODING = { plain: 0, rle: 3, deltaPacked: 5, dictionary: 8 } as const;
export const CODEC = { none: 0, snappy: 1, zstd: 6 } as const;
export const PAGE = { data: 0, dictionary: 2 } as const;
export const ORDER = { none: 0, ascending: 1, descending: 2 } as const;

export type Codec = keyof typeof CODEC;

/** Rows of a row group: those of 1 GiB of RAM in pages of 4 KiB. Groups are written independently of each other. */
export const GROUP_ROWS = 262_144;

/** Rows of a page: what a reader can skip. */
export const PAGE_ROWS = 32_768;
