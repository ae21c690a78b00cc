import { sameUnder } from './alike';
import { setText } from './host';
import { decimal, hexadecimal } from './numbers';
import { facts, raw, size } from './state';
import { isTyped } from './types';

/**
 * Encodes rows as text: no object and no string a row. What each column is and where its values are stands in a table that
 * the host makes before each batch; every text in memory has 8 bytes of room behind it, since texts are copied in words.
 *
 * A column is COLUMN_BYTES long: kind, address of the value of page 0, bytes between values, shift (i32 each); mask (u64);
 * text before the value, its length, table of names or of sets, number of the column (i32 each); whether it is known
 * of unreadable pages too, whether its value may differ for pages that are alike (i32 each), and the first 8 bytes of the
 * text. Behind that is what `encode` keeps: the last word that was written in hexadecimal (u64), where, and how long it was, where
 * the column begins in the row that others are copied from, the next column whose value may differ, and how often a word
 * was not the one before (i32 each), 4 bytes of nothing.
 */
const COLUMN_BYTES: usize = 88;

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
/** Bits of a struct page, and of its facts, that the columns need: 64 bytes and a u64. 0: rows are never copied. */
let rowMask: usize = 0;

export function setStyle(table: usize, count: i32, quoteChar: i32, empty: usize, emptyBytes: i32, end: usize, endBytes: i32, mask: usize): void {
  columns = table;
  columnCount = count;
  quote = quoteChar;
  emptyText = empty;
  emptyLength = emptyBytes;
  endText = end;
  endLength = endBytes;
  rowMask = mask;
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

@inline
function copySpan(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

/**
 * Writes the rows whose indices are at `rows` (0: those from `first` on), from `to` on until `limit` is passed; there must be room for one row and 16 bytes behind it. Returns
 * where the text ends. A row of a page that is like one before is copied from there, but for what differs from page to page.
 */
export function encode(rows: usize, first: i32, count: i32, states: usize, to: usize, limit: usize): usize {
  const last = columns + <usize>columnCount * COLUMN_BYTES;
  let next = last;
  for (let c = last - COLUMN_BYTES; c >= columns; c -= COLUMN_BYTES) {
    store<i32>(c, 0, 64);
    if (load<i32>(c, 44)) next = c;
    store<usize>(c, next, 76);
  }
  const mask = rowMask;
  const stride = <usize>size;
  let like: i32 = -1;
  let likeEnd: usize = 0;
  let r = 0;
  for (; r < count && to < limit; r++) {
    const page = rows ? load<i32>(rows + (<usize>r << 2)) : first + r;
    const unread = load<u8>(states + page) != 0;
    if (like >= 0 && !unread) {
      const about = load<u64>(facts + (<usize>like << 3)) ^ load<u64>(facts + (<usize>page << 3));
      if ((about & load<u64>(mask, 64)) == 0 && sameUnder(mask, raw + <usize>like * stride, raw + <usize>page * stride)) {
        to = copyRow(to, page, last, likeEnd);
        continue;
      }
    }
    for (let c = columns; c < last; c += COLUMN_BYTES) {
      store<usize>(c, to, 72);
      to = beforeOf(to, c);
      to = valueOf(to, c, page, unread && !load<i32>(c, 40) ? EMPTY : load<i32>(c));
    }
    to = copy(to, endText, endLength);
    like = unread || mask == 0 ? -1 : page;
    likeEnd = to;
  }
  rowsDone = r;
  return to;
}

/** A row that is like the one whose columns are known, which ends at `likeEnd`. */
@inline
function copyRow(to: usize, page: i32, last: usize, likeEnd: usize): usize {
  let c = columns;
  while (c < last) {
    if (load<i32>(c, 44)) {
      to = beforeOf(to, c);
      const what = load<i32>(c);
      // the pfn and that of the head are in nearly every row: a call for them costs a tenth of its time
      if (what == FIELD) {
        const at = load<usize>(c, 4) + page * load<i32>(c, 8);
        to = decimal(to, (load<u64>(at) >> <u64>load<i32>(c, 12)) & load<u64>(c, 16));
      } else if (what == DOUBLE) to = decimal(to, <u64>load<f64>(load<usize>(c, 4) + page * load<i32>(c, 8)));
      else to = otherValueOf(to, c, page, what);
      c += COLUMN_BYTES;
      if (c == last) to = copy(to, endText, endLength);
    } else {
      const next = load<usize>(c, 76);
      const from = load<usize>(c, 72);
      const length = (next == last ? likeEnd : load<usize>(next, 72)) - from;
      copySpan(to, from, length);
      to += length;
      c = next;
    }
  }
  return to;
}

/** The text before the value of a column. */
@inline
function beforeOf(to: usize, c: usize): usize {
  const length = load<i32>(c, 28);
  store<u64>(to, load<u64>(c, 48));
  if (length > 8) copyMore(to, load<usize>(c, 24), length);
  return to + length;
}

function otherValueOf(to: usize, c: usize, page: i32, what: i32): usize {
  return valueOf(to, c, page, what);
}

@inline
function valueOf(to: usize, c: usize, page: i32, what: i32): usize {
  const at = load<usize>(c, 4) + page * load<i32>(c, 8);
  switch (what) {
    case INT:
      return signed(to, load<i32>(at));
    case FIELD:
      return decimal(to, (load<u64>(at) >> <u64>load<i32>(c, 12)) & load<u64>(c, 16));
    case DOUBLE:
      return decimal(to, <u64>load<f64>(at));
    case HEX: {
      if (quote) store<u8>(to++, quote);
      to = word(to, c, load<u64>(at));
      if (quote) store<u8>(to++, quote);
      return to;
    }
    case BYTE: {
      const value = <u64>load<u8>(at);
      return value == 255 ? copy(to, emptyText, emptyLength) : decimal(to, value);
    }
    case MAPCOUNT: {
      const word = load<i32>(at);
      return isTyped(word) ? copy(to, emptyText, emptyLength) : signed(to, word + 1);
    }
    case NAME8:
      return named(to, c, <u32>load<u8>(at));
    case NAME16:
      return named(to, c, <u32>load<u16>(at));
    case NAME_FIELD:
      return named(to, c, <u32>((load<u64>(at) >> <u64>load<i32>(c, 12)) & load<u64>(c, 16)));
    case SET:
      return set(to, c, load<u64>(at));
    default:
      return copy(to, emptyText, emptyLength);
  }
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
  store<i32>(column, load<i32>(column, 80) + 1, 80);
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
