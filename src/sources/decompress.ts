import { type ByteSource, readUpTo } from '../core/bytes.ts';
import { FormatError, StructPageError } from '../core/errors.ts';
import type { OpenContext } from './image-format.ts';
import { openSpool } from './spool.ts';
import type { Unwrapped } from './wrapper.ts';

const CHUNK = 256 * 1024;

/** Decompresses chunks and passes the result to `write`. Throws if the data is damaged. */
export type StreamDecoder = (
  chunks: Iterable<Uint8Array>,
  write: (bytes: Uint8Array) => void,
) => Promise<void> | void;

/** Decompresses a whole file into a temporary one. Keeps what comes before damage or a cut. Takes over the source. */
export async function decompress(
  source: ByteSource,
  name: string,
  context: OpenContext,
  decode: StreamDecoder,
): Promise<Unwrapped> {
  const spool = openSpool(source.name, context);
  const warnings: string[] = [];
  function* chunks(): Generator<Uint8Array> {
    for (let at = 0; at < source.byteLength; ) {
      const bytes = readUpTo(source, at, CHUNK);
      if (bytes.length === 0) return;
      at += bytes.length;
      yield bytes;
      context.progress?.('decompressing', at, source.byteLength);
    }
  }
  try {
    await decode(chunks(), (bytes) => spool.write(bytes));
  } catch (error) {
    if (error instanceof StructPageError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    warnings.push(`the ${name} data is damaged or cut off (${why}): the rest is lost`);
  }
  const plain = spool.finish();
  if (plain.byteLength === 0) {
    plain.close();
    throw new FormatError({
      file: source.name,
      expected: `compressed data after the ${name} header`,
      found: warnings[0] ?? 'nothing',
    });
  }
  source.close();
  return { source: plain, how: `${name}-compressed`, warnings };
}
