import { setText } from './host';
import { decimal, hexadecimal } from './numbers';
import { isTyped } from './types';

/**
 * Encodes rows as text: no object and no string a row. What each column is and where its values are stands in a table that
 * the host makes before each batch; every text in memory has 8 bytes of room behind it, since texts are copied in words.
 *
 * A column is COLUMN_BYTES long: kind, address of the value of page 0, bytes between values, shift (i32 each); mask (u64);
 * text before the value, its length, table of names or of sets, number of the column (i32 each); whether it is known
 * of unreadable pages too (i32), 4 bytes of nothing, and the first 8 bytes of the text. Behind that is what `encode` keeps:
 * the last word that was written in hexadecimal (u64), where, and how long it was (i32 each).
 */
const COLUMN_BYTES: usize = 72;

const EMPTY: i32 = 0;
const INT: i32 = 1;
const FIELD: i32 = 2;
const DOUBLE: i32 = 3;
const HEX: i32 = 4;
const BYTE: i32 = 5;
const MAPCOUNT: i32 = 6;
const NAME8: i32 = 7;
const NAME16: i32 = 8;
const NAME_FIELD: i32 = 9;
const SET: i32 = 10;

/** Slots of a table of sets: u64 set + 1, u32 address and u32 length of its text. */
const SET_SLOTS: u32 = 1024;

let columns: usize = 0;
let columnCount: i32 = 0;
let quote: i32 = 0;
let emptyText: usize = 0;
let emptyLength: i32 = 0;
let endText: usize = 0;
let endLength: i32 = 0;

export function setStyle(table: usize, count: i32, quoteChar: i32, empty: usize, emptyBytes: i32, end: usize, endBytes: i32): void {
  columns = table;
  columnCount = count;
  quote = quoteChar;
  emptyText = empty;
  emptyLength = emptyBytes;
  endText = end;
  endLength = endBytes;
}

/** Number of rows that the last call of `encode` has written. */
export let rowsDone: i32 = 0;

@inline
function copy(to: usize, from: usize, length: i32): usize {
  store<u64>(to, load<u64>(from));
  if (length > 8) copyMore(to, from, length);
  return to + length;
}

function copyMore(to: usize, from: usize, length: i32): void {
  for (let i = 8; i < length; i += 8) store<u64>(to + i, load<u64>(from + i));
}

/**
 * Writes the rows whose indices are at `rows` (0: those from `first` on), from `to` on until `limit` is passed; there must be room for one row behind it. Returns where the text
 * ends.
 */
export function encode(rows: usize, first: i32, count: i32, states: usize, to: usize, limit: usize): usize {
  const last = columns + <usize>columnCount * COLUMN_BYTES;
  for (let c = columns; c < last; c += COLUMN_BYTES) store<i32>(c, 0, 64);
  let r = 0;
  for (; r < count && to < limit; r++) {
    const page = rows ? load<i32>(rows + (<usize>r << 2)) : first + r;
    const unread = load<u8>(states + page) != 0;
    for (let c = columns; c < last; c += COLUMN_BYTES) {
      const before = load<i32>(c, 28);
      store<u64>(to, load<u64>(c, 48));
      if (before > 8) copyMore(to, load<usize>(c, 24), before);
      to += before;
      const what = unread && !load<i32>(c, 40) ? EMPTY : load<i32>(c);
      const at = load<usize>(c, 4) + page * load<i32>(c, 8);
      switch (what) {
        case INT:
          to = signed(to, load<i32>(at));
          break;
        case FIELD:
          to = decimal(to, (load<u64>(at) >> <u64>load<i32>(c, 12)) & load<u64>(c, 16));
          break;
        case DOUBLE:
          to = decimal(to, <u64>load<f64>(at));
          break;
        case HEX:
          if (quote) store<u8>(to++, quote);
          to = word(to, c, load<u64>(at));
          if (quote) store<u8>(to++, quote);
          break;
        case BYTE: {
          const value = <u64>load<u8>(at);
          to = value == 255 ? copy(to, emptyText, emptyLength) : decimal(to, value);
          break;
        }
        case MAPCOUNT: {
          const word = load<i32>(at);
          to = isTyped(word) ? copy(to, emptyText, emptyLength) : signed(to, word + 1);
          break;
        }
        case NAME8:
          to = named(to, c, <u32>load<u8>(at));
          break;
        case NAME16:
          to = named(to, c, <u32>load<u16>(at));
          break;
        case NAME_FIELD:
          to = named(to, c, <u32>((load<u64>(at) >> <u64>load<i32>(c, 12)) & load<u64>(c, 16)));
          break;
        case SET:
          to = set(to, c, load<u64>(at));
          break;
        default:
          to = copy(to, emptyText, emptyLength);
      }
    }
    to = copy(to, endText, endLength);
  }
  rowsDone = r;
  return to;
}

/** Neighbours often have the same word: its text is still there. */
@inline
function word(to: usize, column: usize, value: u64): usize {
  const known = load<usize>(column, 64);
  if (known && load<u64>(column, 56) == value) {
    store<u64>(to, load<u64>(known));
    store<u64>(to, load<u64>(known, 8), 8);
    store<u32>(to, load<u32>(known, 16), 16);
    store<usize>(column, to, 64);
    return to + load<usize>(column, 68);
  }
  const end = hexadecimal(to, value);
  store<u64>(column, value, 56);
  store<usize>(column, to, 64);
  store<usize>(column, end - to, 68);
  return end;
}

@inline
function signed(to: usize, value: i32): usize {
  if (value >= 0) return decimal(to, <u64>value);
  store<u8>(to, 0x2d);
  return decimal(to + 1, <u64>-(<i64>value));
}

/** The text of a code: entries of (u32 address, u32 length). */
@inline
function named(to: usize, column: usize, code: u32): usize {
  const entry = load<usize>(column, 32) + (code << 3);
  return copy(to, load<usize>(entry), load<i32>(entry, 4));
}

@inline
function set(to: usize, column: usize, bits: u64): usize {
  const entry = load<usize>(column, 32) + (<usize>((<u32>((bits * 0x9e3779b97f4a7c15) >> 54)) & (SET_SLOTS - 1)) << 4);
  // each set has one slot; another one that wants it takes it over
  const known =
    load<u64>(entry) == bits + 1 ? entry : setText(load<i32>(column, 36), <u32>bits, <u32>(bits >> 32));
  return copy(to, load<usize>(known, 8), load<i32>(known, 12));
}
