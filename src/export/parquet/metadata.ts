import type { ColumnSpec } from '../../table/column.ts';
import type { ValueType } from '../../table/value-type.ts';
import type { EncodedColumn, EncodedPage } from './column-encoder.ts';
import { CODEC, CONVERTED, type Codec, ENCODING, PAGE, PHYSICAL } from './format.ts';
import { boundaryOrder, type Extremes } from './statistics.ts';
import {
  binary,
  bool,
  i8,
  i16,
  i32,
  i64,
  list,
  struct,
  type ThriftStruct,
  type ThriftValue,
  thrift,
} from './thrift.ts';

/** What stands in front of a page of rows. */
export function dataPageHeader(page: {
  rows: number;
  encoding: number;
  plain: number;
  size: number;
}): Uint8Array {
  return thrift([
    [1, i32(PAGE.data)],
    [2, i32(page.plain)],
    [3, i32(page.size)],
    [5, struct([1, i32(page.rows)], [2, i32(page.encoding)], [3, i32(ENCODING.rle)], [4, i32(ENCODING.rle)])],
  ]);
}

/** What stands in front of a dictionary. */
export function dictionaryPageHeader(page: { count: number; plain: number; size: number }): Uint8Array {
  return thrift([
    [1, i32(PAGE.dictionary)],
    [2, i32(page.plain)],
    [3, i32(page.size)],
    [7, struct([1, i32(page.count)], [2, i32(ENCODING.plain)])],
  ]);
}

function physicalOf(type: ValueType): number {
  switch (type) {
    case 'string':
      return PHYSICAL.bytes;
    case 'int32':
    case 'double':
      return PHYSICAL[type];
    default:
      return PHYSICAL.int64;
  }
}

/** A column as it stands in the schema: every one may be null. */
function schemaElement({ name }: ColumnSpec, type: ValueType): ThriftStruct {
  const optional = 1;
  const common = [
    [1, i32(physicalOf(type))],
    [3, i32(optional)],
    [4, binary(name)],
  ] as const;
  switch (type) {
    case 'string':
      return [...common, [6, i32(CONVERTED.utf8)], [10, struct([1, struct()])]];
    case 'uint64':
      return [
        ...common,
        [6, i32(CONVERTED.uint64)],
        [10, struct([10, struct([1, i8(64)], [2, bool(false)])])],
      ];
    case 'timestamp': {
      const [isUtc, millis] = [bool(true), struct([1, struct()])];
      return [
        ...common,
        [6, i32(CONVERTED.timestampMillis)],
        [10, struct([8, struct([1, isUtc], [2, millis])])],
      ];
    }
    default:
      return common;
  }
}

/** A column of the file. */
export interface TypedColumn {
  readonly spec: ColumnSpec;
  readonly type: ValueType;
}

/** What the footer says of a column of a row group. */
export interface ColumnSummary extends TypedColumn {
  /** Offset of its first page, a dictionary's among them. */
  readonly offset: number;
  /** Bytes of its dictionary; 0 if it has none. */
  readonly dictionarySize: number;
  /** Bytes of all of its pages, as they are and as they were before compression. */
  readonly size: number;
  readonly plainSize: number;
  readonly rows: number;
  readonly empty: number;
  readonly encodings: readonly number[];
  readonly extremes: Extremes | undefined;
}

/** A column that is written from `offset` on. */
export function summaryOf(typed: TypedColumn, column: EncodedColumn, offset: number): ColumnSummary {
  const { dictionary, pages, encodings, extremes } = column;
  const sum = (of: (page: EncodedPage) => number): number => pages.reduce((all, page) => all + of(page), 0);
  return {
    ...typed,
    offset,
    dictionarySize: dictionary?.size ?? 0,
    size: sum((page) => page.size) + (dictionary?.size ?? 0),
    plainSize: sum((page) => page.plainSize) + (dictionary?.plainSize ?? 0),
    rows: sum((page) => page.rows),
    empty: sum((page) => page.empty),
    encodings,
    extremes,
  };
}

/** Where the pages of a column are that is written from `offset` on. */
export function offsetIndex({ dictionary, pages }: EncodedColumn, offset: number): Uint8Array {
  let at = offset + (dictionary?.size ?? 0);
  let row = 0;
  const locations = pages.map(({ size, rows }): ThriftStruct => {
    const location: ThriftStruct = [
      [1, i64(at)],
      [2, i32(size)],
      [3, i64(row)],
    ];
    at += size;
    row += rows;
    return location;
  });
  return thrift([[1, list('struct', locations)]]);
}

const NOTHING = new Uint8Array(0);

/** What a reader can skip pages of a column by. */
export function columnIndex({ pages }: EncodedColumn, type: ValueType): Uint8Array {
  const extremes = pages.map((page) => page.extremes);
  return thrift([
    [
      1,
      list(
        'bool',
        extremes.map((e) => e === undefined),
      ),
    ],
    [
      2,
      list(
        'binary',
        extremes.map((e) => e?.low ?? NOTHING),
      ),
    ],
    [
      3,
      list(
        'binary',
        extremes.map((e) => e?.high ?? NOTHING),
      ),
    ],
    [4, i32(boundaryOrder(extremes, type))],
    [
      5,
      list(
        'i64',
        pages.map((page) => page.empty),
      ),
    ],
  ]);
}

/** Where an index of a column is. */
export interface IndexPlace {
  readonly at: number;
  readonly size: number;
}

/** Where both indices of a column are. */
export interface IndexPlaces {
  readonly columnIndex: IndexPlace;
  readonly offsetIndex: IndexPlace;
}

function columnChunk(column: ColumnSummary, codec: Codec, index: IndexPlaces): ThriftStruct {
  const { offset, dictionarySize } = column;
  const metadata = struct(
    [1, i32(physicalOf(column.type))],
    [2, list('i32', column.encodings)],
    [3, list('binary', [column.spec.name])],
    [4, i32(CODEC[codec])],
    [5, i64(column.rows)],
    [6, i64(column.plainSize)],
    [7, i64(column.size)],
    [9, i64(offset + dictionarySize)],
    [11, dictionarySize === 0 ? undefined : i64(offset)],
    [12, statistics(column.extremes, column.empty)],
  );
  return [
    // where metadata would be if it were not in the footer
    [2, i64(0)],
    [3, metadata],
    [4, i64(index.offsetIndex.at)],
    [5, i32(index.offsetIndex.size)],
    [6, i64(index.columnIndex.at)],
    [7, i32(index.columnIndex.size)],
  ];
}

function statistics(extremes: Extremes | undefined, empty: number): ThriftValue {
  return struct(
    [3, i64(empty)],
    [5, extremes && binary(extremes.high)],
    [6, extremes && binary(extremes.low)],
    [7, extremes && bool(true)],
    [8, extremes && bool(true)],
  );
}

/** A row group as the footer has it. */
export function rowGroup(
  columns: readonly ColumnSummary[],
  indices: readonly IndexPlaces[],
  codec: Codec,
  ordinal: number,
): Uint8Array {
  const sum = (of: (column: ColumnSummary) => number): number =>
    columns.reduce((all, column) => all + of(column), 0);
  return thrift([
    [
      1,
      list(
        'struct',
        columns.map((column, i) => columnChunk(column, codec, indices[i]!)),
      ),
    ],
    [2, i64(sum((column) => column.plainSize))],
    [3, i64(columns[0]?.rows ?? 0)],
    [5, i64(columns[0]?.offset ?? 0)],
    [6, i64(sum((column) => column.size))],
    // the number has 16 bits
    [7, ordinal < 32768 ? i16(ordinal) : undefined],
  ]);
}

/** The footer: schema, row groups that were written before, and remarks. */
export function fileMetadata(file: {
  readonly columns: readonly TypedColumn[];
  readonly rows: number;
  readonly rowGroups: readonly Uint8Array[];
  readonly about: readonly (readonly [key: string, value: string])[];
  readonly createdBy: string;
}): Uint8Array {
  const root: ThriftStruct = [
    [4, binary('schema')],
    [5, i32(file.columns.length)],
  ];
  return thrift([
    [1, i32(2)],
    [2, list('struct', [root, ...file.columns.map(({ spec, type }) => schemaElement(spec, type))])],
    [3, i64(file.rows)],
    [4, list('written', file.rowGroups)],
    [
      5,
      list(
        'struct',
        file.about.map(
          ([key, value]): ThriftStruct => [
            [1, binary(key)],
            [2, binary(value)],
          ],
        ),
      ),
    ],
    [6, binary(file.createdBy)],
    [
      7,
      list(
        'struct',
        file.columns.map((): ThriftStruct => [[1, struct()]]),
      ),
    ],
  ]);
}
