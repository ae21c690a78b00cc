import { isNear, sameUnder } from './alike';
import {
  Column,
  COLUMN_BYTES,
  columnCount,
  columns,
  emptyLength,
  emptyText,
  encoded,
  Encoded,
  endLength,
  endText,
  facts,
  Masks,
  quote,
  raw,
  rowMask,
  SET_TEXT_BYTES,
  SetText,
  size,
  Slots,
  states,
  Text,
  TEXT_BYTES,
  ValueKind,
} from './generated/abi';
import { decimal, hexadecimal } from './numbers';
import { isNothing, isTyped } from './types';

/**
 * Encodes rows as text, without an object or string per row. `columns` tells what each column is and where its values are;
 * the host writes it before each batch. Every text in memory has 8 bytes of room after it, since texts are copied in words.
 */

/** The column that lacks a text for a set of flags; the row is written again once it has one. */
let missing: i32 = -1;

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
 * Writes the rows whose indices are at `rows` (0: those from `first` on) to `to` until `limit` is passed; there must be
 * room for one more row and 16 bytes. Returns the end of the text; `encoded` has the number of rows. The row of a page that
 * is like a previous one is copied from there, except for what differs from page to page.
 */
export function encode(rows: usize, first: i32, count: i32, to: usize, limit: usize): usize {
  const last = columns + columnCount * COLUMN_BYTES;
  let next = last;
  for (let c = last - COLUMN_BYTES; c >= columns; c -= COLUMN_BYTES) {
    const column = changetype<Column>(c);
    column.lastAt = 0;
    column.lastLength = 0;
    if (column.differs) next = c;
    column.next = next;
  }
  const mask = rowMask;
  const near = mask == 0 || isNear(mask);
  const stride = <usize>size;
  let like: i32 = -1;
  let likeEnd: usize = 0;
  let r = 0;
  missing = -1;
  for (; r < count && to < limit; r++) {
    const page = rows ? load<i32>(rows + (<usize>r << 2)) : first + r;
    const unread = load<u8>(states + page) != 0;
    if (like >= 0 && !unread) {
      const about = load<u64>(facts + (<usize>like << 3)) ^ load<u64>(facts + (<usize>page << 3));
      if (
        (about & load<u64>(mask + Masks.reach)) == 0 &&
        sameUnder(mask, near, raw + <usize>like * stride, raw + <usize>page * stride)
      ) {
        const end = copyRow(to, page, last, likeEnd);
        if (missing >= 0) break;
        to = end;
        continue;
      }
    }
    const start = to;
    for (let c = columns; c < last; c += COLUMN_BYTES) {
      const column = changetype<Column>(c);
      column.likeAt = to;
      to = beforeOf(to, column);
      to = valueOf(to, column, page, unread && !column.always ? ValueKind.empty : column.kind);
    }
    if (missing >= 0) {
      to = start;
      break;
    }
    to = copy(to, endText, endLength);
    like = unread || mask == 0 ? -1 : page;
    likeEnd = to;
  }
  const result = changetype<Encoded>(encoded);
  result.rows = r;
  result.column = missing;
  return to;
}

/** Writes a row that is like the one whose columns are known, which ends at `likeEnd`. */
@inline
function copyRow(to: usize, page: i32, last: usize, likeEnd: usize): usize {
  let c = columns;
  while (c < last) {
    const column = changetype<Column>(c);
    if (column.differs) {
      to = beforeOf(to, column);
      const what = column.kind;
      // nearly every row has the pfn and the head's pfn: a call for them would take a tenth of its time
      if (what == ValueKind.field) to = whole(to, column, fieldOf(column, page));
      else if (what == ValueKind.double) to = whole(to, column, <u64>load<f64>(addressOf(column, page)));
      else to = otherValueOf(to, column, page, what);
      c += COLUMN_BYTES;
      if (c == last) to = copy(to, endText, endLength);
    } else {
      const next = column.next;
      const from = column.likeAt;
      const length = (next == last ? likeEnd : changetype<Column>(next).likeAt) - from;
      copySpan(to, from, length);
      to += length;
      c = next;
    }
  }
  return to;
}

/** The text before the value of a column. */
@inline
function beforeOf(to: usize, column: Column): usize {
  const length = column.beforeLength;
  store<u64>(to, column.beforeStart);
  if (length > 8) copyMore(to, column.before, length);
  return to + length;
}

@inline
function addressOf(column: Column, page: i32): usize {
  return column.at + page * column.stride;
}

@inline
function fieldOf(column: Column, page: i32): u64 {
  return (load<u64>(addressOf(column, page)) >> <u64>column.shift) & column.mask;
}

function otherValueOf(to: usize, column: Column, page: i32, what: i32): usize {
  return valueOf(to, column, page, what);
}

@inline
function valueOf(to: usize, column: Column, page: i32, what: i32): usize {
  const at = addressOf(column, page);
  switch (what) {
    case ValueKind.int:
      return signed(to, load<i32>(at));
    case ValueKind.field:
      return whole(to, column, fieldOf(column, page));
    case ValueKind.double:
      return whole(to, column, <u64>load<f64>(at));
    case ValueKind.word: {
      if (quote) store<u8>(to++, quote);
      to = word(to, column, load<u64>(at));
      if (quote) store<u8>(to++, quote);
      return to;
    }
    case ValueKind.byte: {
      const value = <u64>load<u8>(at);
      return value == 255 ? copy(to, emptyText, emptyLength) : decimal(to, value);
    }
    case ValueKind.mapcount: {
      const word = load<i32>(at);
      return isTyped(word) ? copy(to, emptyText, emptyLength) : signed(to, word + 1);
    }
    case ValueKind.name8:
      return named(to, column, <u32>load<u8>(at));
    case ValueKind.name16:
      return named(to, column, <u32>load<u16>(at));
    case ValueKind.name32:
      return named(to, column, load<u32>(at));
    case ValueKind.nameField:
      return named(to, column, <u32>fieldOf(column, page));
    case ValueKind.set:
      return set(to, column, load<u64>(at));
    case ValueKind.optional: {
      const value = load<i64>(at);
      if (isNothing(value)) return copy(to, emptyText, emptyLength);
      // the mask of an unsigned one has all bits
      if (value >= 0 || column.mask) return decimal(to, value);
      store<u8>(to, 0x2d);
      return decimal(to + 1, -value);
    }
    case ValueKind.optionalWord: {
      const value = load<u64>(at);
      if (isNothing(value)) return copy(to, emptyText, emptyLength);
      if (quote) store<u8>(to++, quote);
      to = hexadecimal(to, value);
      if (quote) store<u8>(to++, quote);
      return to;
    }
    default:
      return copy(to, emptyText, emptyLength);
  }
}

/**
 * Writes a number that is mostly equal to that of the previous row, like the head of tails, or one more, like the pfn: its
 * text is kept.
 */
@inline
function whole(to: usize, column: Column, value: u64): usize {
  const length = column.lastLength;
  const more = value - column.lastWord;
  if (length > 0 && more <= 1) {
    const last = <u64>(length - 1) << 3;
    if (more == 0 || ((column.lastText >> last) & 0xff) != 0x39) {
      const text = column.lastText + (more << last);
      column.lastWord = value;
      column.lastText = text;
      store<u64>(to, text);
      return to + length;
    }
  }
  return otherWhole(to, column, value);
}

function otherWhole(to: usize, column: Column, value: u64): usize {
  const end = decimal(to, value);
  column.lastWord = value;
  column.lastText = load<u64>(to);
  column.lastLength = end - to <= 8 ? <i32>(end - to) : 0;
  return end;
}

/** Neighbours often have the same word, whose text is kept. */
@inline
function word(to: usize, column: Column, value: u64): usize {
  const known = column.lastAt;
  if (known && column.lastWord == value) {
    store<u64>(to, load<u64>(known));
    store<u64>(to, load<u64>(known, 8), 8);
    store<u32>(to, load<u32>(known, 16), 16);
    column.lastAt = to;
    return to + column.lastLength;
  }
  const end = hexadecimal(to, value);
  column.changes++;
  column.lastWord = value;
  column.lastAt = to;
  column.lastLength = <i32>(end - to);
  return end;
}

@inline
function signed(to: usize, value: i32): usize {
  if (value >= 0) return decimal(to, <u64>value);
  store<u8>(to, 0x2d);
  return decimal(to + 1, <u64>-(<i64>value));
}

@inline
function named(to: usize, column: Column, code: u32): usize {
  const text = changetype<Text>(column.texts + code * TEXT_BYTES);
  return copy(to, text.at, text.length);
}

/** Each set has one slot, which it may lose to another set. */
@inline
function set(to: usize, column: Column, bits: u64): usize {
  const slot = <u32>((bits * 0x9e3779b97f4a7c15) >> 54) & (Slots.sets - 1);
  const text = changetype<SetText>(column.texts + slot * SET_TEXT_BYTES);
  if (text.key == bits + 1) return copy(to, text.at, text.length);
  ask(column, bits, text);
  return to;
}

/** Records the first set of a row that has no text. */
function ask(column: Column, bits: u64, text: SetText): void {
  if (missing >= 0) return;
  missing = <i32>(changetype<usize>(column) - columns) / COLUMN_BYTES;
  const result = changetype<Encoded>(encoded);
  result.set = bits;
  result.entry = changetype<usize>(text);
}
