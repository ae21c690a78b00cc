import type { ColumnName } from '../decode/columns/registry.ts';
import type { Decoder, PickedRows } from '../decode/decode.ts';
import type { RowStyle } from '../table/row-style.ts';
import { RowEncoder } from './row-encoder.ts';
import { release, TextSlots } from './text-slots.ts';

/** The text of a task, in a slot that must be released or in its own buffer. */
export interface TaskText {
  readonly bytes: Uint8Array;
  readonly busy?: Int32Array;
}

const NOTHING = new Uint8Array(0);

/** Used buffers for reuse: new ones cost a page fault per 4 KiB. */
export class Buffers {
  readonly #free: ArrayBufferLike[] = [];

  get(length: number): Uint8Array {
    const buffer = this.#free.pop();
    return new Uint8Array(
      buffer && buffer.byteLength >= length ? buffer : new ArrayBuffer(length + (length >> 2)),
    );
  }

  giveBack(buffer: ArrayBufferLike): void {
    if (buffer.byteLength > 0) this.#free.push(buffer);
  }
}

/** Makes text in one thread. */
export class TextOutput {
  readonly #decoder: Decoder;
  readonly #encoder: RowEncoder;
  #slots: TextSlots | undefined;
  #tooLong = false;

  constructor(decoder: Decoder, columns: readonly ColumnName[], style: RowStyle) {
    this.#decoder = decoder;
    this.#encoder = new RowEncoder(decoder, columns, style);
  }

  /** The text of rows in chunks, each valid until the next is requested. */
  chunks(rows: PickedRows): Generator<Uint8Array> {
    return this.#encoder.encode(rows);
  }

  /**
   * The text of rows in one piece. It is in a slot if one is free, or `wait` says to wait for one, and the text is not too
   * long; otherwise in a buffer from `buffers`.
   */
  whole(rows: PickedRows, buffers: Buffers, wait: boolean): TaskText {
    if (rows.count === 0) return { bytes: NOTHING };
    const { loops } = this.#decoder.pages;
    this.#slots ??= new TextSlots(loops);
    const slot = this.#tooLong ? undefined : this.#slots.take(wait);
    if (slot) {
      const length = this.#encoder.place(rows, slot.at, slot.length);
      if (length !== undefined) return { bytes: loops.bytes(slot.at, length), busy: slot.busy };
      release(slot.busy);
      this.#tooLong = true;
    }
    let buffer: Uint8Array | undefined;
    let length = 0;
    for (const chunk of this.#encoder.encode(rows)) {
      if (!buffer || length + chunk.length > buffer.length) {
        const larger = buffers.get(length + 2 * chunk.length);
        if (buffer) larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(chunk, length);
      length += chunk.length;
    }
    return { bytes: buffer ? buffer.subarray(0, length) : NOTHING };
  }
}
