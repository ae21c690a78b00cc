import type { ColumnSpec } from '../../table/column.ts';
import type { About, TableBatch } from '../../table/table.ts';
import { valueTypeOf, type WordSign } from '../../table/value-type.ts';
import type { Sink } from '../exporter.ts';
import {
  type ArrowField,
  type Block,
  type Body,
  bodyLength,
  dictionaryMessage,
  footer,
  padded,
  recordBatchMessage,
  schemaMessage,
} from './messages.ts';
import { arrowValues, TextDictionary } from './values.ts';

const utf8 = new TextEncoder();
const MAGIC = utf8.encode('ARROW1');
const PADDING = new Uint8Array(8);
/** No more messages: all ones, and a length of 0. */
const END = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
/** Up to so many texts a dictionary is written anew when it has grown, which more readers understand than additions to one. */
const MOST_ANEW = 4096;

/** What Arrow data are written with. */
export interface ArrowOptions {
  readonly columns: readonly ColumnSpec[];
  readonly words: WordSign;
  /** Whether for a reader that cannot go back, as on a pipe. */
  readonly stream: boolean;
}

/**
 * Writes rows in the Arrow IPC format, as a stream or as a file. Texts are dictionaries that grow as rows come: a stream
 * has them before the rows that need them, a file behind all rows.
 */
export async function writeArrow(
  batches: AsyncIterable<TableBatch>,
  sink: Sink,
  { columns, words, stream }: ArrowOptions,
  about: About,
): Promise<void> {
  const fields = columns.map(
    (spec, dictionary): ArrowField => ({ spec, type: valueTypeOf(spec, words), dictionary }),
  );
  const output = new Output(sink);
  if (!stream) for (const part of [MAGIC, PADDING.subarray(0, 2)]) await output.put(part);
  // what was counted is known at the end only, which only a file has
  await output.put(schemaMessage(fields, stream ? about() : []));
  const dictionaries = columns.map(() => new TextDictionary());
  const sent = columns.map(() => -1);
  const blocks: Block[] = [];
  for await (const batch of batches) {
    const body = bodyOf(batch, fields, dictionaries);
    if (stream) await sendDictionaries(output, fields, dictionaries, sent);
    blocks.push(await output.message(recordBatchMessage(body), body));
    batch.release?.();
  }
  if (stream) {
    // readers want to see each dictionary once
    await sendDictionaries(output, fields, dictionaries, sent);
    await output.put(END);
    return;
  }
  const dictionaryBlocks: Block[] = [];
  for (const { type, dictionary } of fields) {
    if (type !== 'string') continue;
    const body = textsBody(dictionaries[dictionary]!.texts);
    dictionaryBlocks.push(await output.message(dictionaryMessage(dictionary, body, false), body));
  }
  await output.put(END);
  const last = footer(fields, about(), dictionaryBlocks, blocks);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setInt32(0, last.length, true);
  for (const part of [last, length, MAGIC]) await output.put(part);
}

/** Sends what dictionaries have that was not sent. */
async function sendDictionaries(
  output: Output,
  fields: readonly ArrowField[],
  dictionaries: readonly TextDictionary[],
  sent: number[],
): Promise<void> {
  for (const { type, dictionary: id } of fields) {
    const { texts } = dictionaries[id]!;
    if (type !== 'string' || sent[id] === texts.length) continue;
    const isDelta = sent[id]! > 0 && texts.length > MOST_ANEW;
    const body = textsBody(isDelta ? texts.slice(sent[id]) : texts);
    await output.message(dictionaryMessage(id, body, isDelta), body);
    sent[id] = texts.length;
  }
}

function bodyOf(
  batch: TableBatch,
  fields: readonly ArrowField[],
  dictionaries: readonly TextDictionary[],
): Body {
  const nodes: { rows: number; nulls: number }[] = [];
  const buffers: Uint8Array[] = [];
  for (const { spec, type, dictionary } of fields) {
    const column = batch.columns.get(spec.name)!;
    const { nulls, validity, values } = arrowValues(column, type, dictionaries[dictionary]!);
    nodes.push({ rows: batch.count, nulls });
    buffers.push(validity, values);
  }
  return { rows: batch.count, nodes, buffers };
}

/** Texts: where each ends, and their bytes. */
function textsBody(texts: readonly string[]): Body {
  const bytes = texts.map((text) => utf8.encode(text));
  const ends = new Int32Array(texts.length + 1);
  for (const [i, { length }] of bytes.entries()) ends[i + 1] = ends[i]! + length;
  return {
    rows: texts.length,
    nodes: [{ rows: texts.length, nulls: 0 }],
    buffers: [new Uint8Array(0), new Uint8Array(ends.buffer), Buffer.concat(bytes)],
  };
}

class Output {
  readonly #sink: Sink;
  #at = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Writes a message and its body, whose buffers begin at multiples of 8. */
  async message(head: Uint8Array, body: Body): Promise<Block> {
    const block = { at: this.#at, head: head.length, body: bodyLength(body) };
    await this.put(head);
    for (const buffer of body.buffers) {
      await this.put(buffer);
      await this.put(PADDING.subarray(0, padded(buffer.length) - buffer.length));
    }
    return block;
  }

  async put(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#at += bytes.length;
    await this.#sink(bytes);
  }
}
