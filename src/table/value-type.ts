import type { ColumnSpec } from './column.ts';

/** What a value of a column is in a typed format, such as Parquet, Arrow or SQL. Empty values are null in all of them. */
export type ValueType = 'int32' | 'int64' | 'uint64' | 'double' | 'timestamp' | 'string';

/** How raw words of 64 bits are written: as what they are, or as the signed number of the same bits. */
export type WordSign = 'unsigned' | 'signed';

/**
 * The type of a column's values. Counts fit 32 bits, numbers that a column promises nothing of take 64; raw words are unsigned, since
 * kernel addresses have bit 63 set. Names, and sets of names joined by `|`, are text.
 */
export function valueTypeOf(
  { kind, numbers, isOffset }: ColumnSpec,
  words: WordSign = 'unsigned',
): ValueType {
  switch (kind) {
    case 'number':
      if (numbers === 'double' || numbers === 'timestamp') return numbers;
      return numbers === undefined || numbers === 'int64' || numbers === 'uint32' ? 'int64' : 'int32';
    case 'word':
      return isOffset || words === 'signed' ? 'int64' : 'uint64';
    default:
      return 'string';
  }
}
