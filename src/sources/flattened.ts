import { type ByteSource, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { ExtentBuilder, type Extents, locateExtent } from './extents.ts';
import { FileWindow } from './file-window.ts';
import type { OpenContext } from './image-format.ts';
import type { PartialSource, Unwrapped, Wrapper } from './wrapper.ts';

const SIGNATURE = 'makedumpfile\0';
/** The records start after a header of one page (MAX_SIZE_MDF_HEADER). */
const HEADER = 4096;
const RECORD = 16;
/** Maximum offset in a rearranged file; no file system supports more. */
const MAX_OFFSET = 2 ** 50;

/**
 * The flattened form of makedumpfile -F and of QEMU's kdump: records of (offset, size, data), big endian, in the order in
 * which they were written to a pipe. They are read in place through an index; later records overwrite earlier ones.
 */
export const flattened: Wrapper = {
  name: 'flattened',

  probe(source) {
    return hasText(readUpTo(source, 0, 16), SIGNATURE);
  },

  async unwrap(source, context) {
    const { extents, warnings } = readRecords(source, context);
    const inner = extentSource(source, extents, warnings.length === 0);
    const head = readUpTo(inner, 0, 8);
    if (!hasText(head, '\x7fELF') && !hasText(head, 'KDUMP   ')) {
      throw new FormatError({
        file: source.name,
        expected: 'an ELF core or a kdump within the flattened file',
        found: head.length === 0 ? 'nothing' : 'neither',
        advice: warnings.length > 0 ? warnings.join('; ') : 'The file is damaged',
      });
    }
    return { source: inner, how: 'flattened', warnings } satisfies Unwrapped;
  },
};

/** Reads the headers of all records in one pass. An error ends it; the records before it are valid. */
function readRecords(source: ByteSource, context: OpenContext): { extents: Extents; warnings: string[] } {
  const warnings: string[] = [];
  const window = new FileWindow(source, 64 * 1024);
  const builder = new ExtentBuilder();
  let at = HEADER;
  for (;;) {
    const head = window.read(at, RECORD);
    if (head.length < RECORD) {
      warnings.push(`the flattened file ends at offset ${at} without an end mark: it is truncated`);
      break;
    }
    const view = viewOf(head);
    const offset = view.getBigInt64(0);
    const size = view.getBigInt64(8);
    if (offset === -1n && size === -1n) break;
    if (offset < 0n || size <= 0n || offset + size > BigInt(MAX_OFFSET)) {
      warnings.push(
        `the flattened file is damaged at offset ${at}: a record of ${size} bytes for offset ${offset}; the rest is lost`,
      );
      break;
    }
    const there = Math.min(Number(size), source.byteLength - at - RECORD);
    if (there > 0) builder.add(Number(offset), there, at + RECORD);
    at += RECORD + Number(size);
    if (builder.count % 65536 === 0) context.progress?.('indexing', at, source.byteLength);
  }
  return { extents: builder.finish(), warnings };
}

/**
 * The rearranged file. If it is `complete`, places without a record are zeros, as in a sparse file; if it is cut off, they
 * are unknown, and a read ends there.
 */
function extentSource(source: ByteSource, extents: Extents, complete: boolean): ByteSource | PartialSource {
  const { count, starts, lengths, places } = extents;
  const byteLength = count === 0 ? 0 : starts[count - 1]! + lengths[count - 1]!;
  let last = 0;

  function find(offset: number): number {
    for (let i = last; i < Math.min(last + 2, count); i++) {
      if (starts[i]! <= offset && (i + 1 === count || offset < starts[i + 1]!)) return i;
    }
    return locateExtent(extents, offset);
  }

  return {
    name: source.name,
    byteLength,
    ...(complete ? {} : { partial: true as const }),
    readInto(offset, target) {
      const want = Math.min(target.length, byteLength - offset);
      let done = 0;
      while (done < want) {
        const at = offset + done;
        const index = find(at);
        last = Math.max(0, index);
        const into = index < 0 ? 0 : at - starts[index]!;
        if (index < 0 || into >= lengths[index]!) {
          if (!complete) break;
          const next = index + 1 < count ? starts[index + 1]! : byteLength;
          const zeros = Math.min(want - done, next - at);
          target.fill(0, done, done + zeros);
          done += zeros;
          continue;
        }
        const length = Math.min(want - done, lengths[index]! - into);
        const got = source.readInto(places[index]! + into, target.subarray(done, done + length));
        done += got;
        if (got < length) return done;
      }
      return Math.max(0, done);
    },
    close: () => source.close(),
  };
}
