import type { ColumnSpec } from '../../table/column.ts';
import type { ValueType } from '../../table/value-type.ts';
import {
  byte,
  type FlatTable,
  type FlatValue,
  flatbuffer,
  int,
  long,
  short,
  structs,
  table,
  tables,
  text,
} from './flatbuffer.ts';

/** Numbers of Schema.fbs and Message.fbs (apache/arrow, format/). */
const V5 = 4;
const HEADER = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;
const TYPE = { int: 2, floatingPoint: 3, utf8: 5, timestamp: 10 } as const;
const PRECISION_DOUBLE = 2;
const UNIT_MILLISECOND = 1;

/** A column of the schema; one of text has a dictionary. */
export interface ArrowField {
  readonly spec: ColumnSpec;
  readonly type: ValueType;
  /** Number of its dictionary. */
  readonly dictionary: number;
}

export type About = readonly (readonly [key: string, value: string])[];

/** The values of a record batch or of a dictionary: for each column how many rows and how many of them are null, and its buffers. */
export interface Body {
  readonly rows: number;
  readonly nodes: readonly { readonly rows: number; readonly nulls: number }[];
  readonly buffers: readonly Uint8Array[];
}

/** Where a message is in a file. */
export interface Block {
  readonly at: number;
  /** Bytes of what stands in front of the body. */
  readonly head: number;
  readonly body: number;
}

export function schemaMessage(fields: readonly ArrowField[], about: About): Uint8Array {
  return framed(message(HEADER.schema, schema(fields, about), 0));
}

export function recordBatchMessage(body: Body): Uint8Array {
  return framed(message(HEADER.recordBatch, recordBatch(body), bodyLength(body)));
}

/** A dictionary as a whole, or what is added to it. */
export function dictionaryMessage(id: number, body: Body, isDelta: boolean): Uint8Array {
  const header = [long(id), table(...recordBatch(body)), byte(isDelta)];
  return framed(message(HEADER.dictionaryBatch, header, bodyLength(body)));
}

/** What stands at the end of a file, before its length. */
export function footer(
  fields: readonly ArrowField[],
  about: About,
  dictionaries: readonly Block[],
  batches: readonly Block[],
): Uint8Array {
  const blocks = (of: readonly Block[]): FlatValue =>
    structs(
      3,
      of.flatMap(({ at, head, body }) => [BigInt(at), BigInt(head), BigInt(body)]),
    );
  return flatbuffer([short(V5), table(...schema(fields, about)), blocks(dictionaries), blocks(batches)]);
}

/** Bytes of a body: each buffer begins at a multiple of 8. */
export function bodyLength({ buffers }: Body): number {
  return buffers.reduce((sum, { length }) => sum + padded(length), 0);
}

export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function message(type: number, header: FlatTable, body: number): FlatTable {
  return [short(V5), byte(type), table(...header), long(body)];
}

/** A message with what stands in front of it: all ones, and its length. */
function framed(fields: FlatTable): Uint8Array {
  const bytes = flatbuffer(fields);
  const out = new Uint8Array(8 + bytes.length);
  const view = new DataView(out.buffer);
  view.setInt32(0, -1, true);
  view.setInt32(4, bytes.length, true);
  out.set(bytes, 8);
  return out;
}

function schema(fields: readonly ArrowField[], about: About): FlatTable {
  const littleEndian = 0;
  return [
    short(littleEndian),
    tables(fields.map(fieldOf)),
    tables(about.map(([key, value]) => [text(key), text(value)])),
  ];
}

const intOf = (bits: number, isSigned: boolean): FlatTable => [int(bits), byte(isSigned)];

function fieldOf({ spec, type, dictionary }: ArrowField): FlatTable {
  const common = [text(spec.name), byte(true)];
  const children = tables([]);
  if (type === 'string') {
    const encoding = table(long(dictionary), table(...intOf(32, true)), byte(false));
    return [...common, byte(TYPE.utf8), table(), encoding, children];
  }
  if (type === 'double')
    return [...common, byte(TYPE.floatingPoint), table(short(PRECISION_DOUBLE)), undefined, children];
  if (type === 'timestamp') {
    const inUtc = table(short(UNIT_MILLISECOND), text('UTC'));
    return [...common, byte(TYPE.timestamp), inUtc, undefined, children];
  }
  const bits = type === 'int32' ? 32 : 64;
  return [...common, byte(TYPE.int), table(...intOf(bits, type !== 'uint64')), undefined, children];
}

function recordBatch({ rows, nodes, buffers }: Body): FlatTable {
  let at = 0;
  const places = buffers.flatMap(({ length }) => {
    const place = [BigInt(at), BigInt(length)];
    at += padded(length);
    return place;
  });
  return [
    long(rows),
    structs(
      2,
      nodes.flatMap(({ rows: all, nulls }) => [BigInt(all), BigInt(nulls)]),
    ),
    structs(2, places),
  ];
}
