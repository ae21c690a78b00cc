import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { type ByteSource, bytesSource, readUpTo } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import type { OpenContext } from './image-format.ts';
import { openSpool } from './spool.ts';
import type { Unwrapped, Wrapper } from './wrapper.ts';

/** Files up to this size, such as captures and samples, are decompressed in memory at once; larger ones are spooled. */
const SMALL = 16 * 1024 * 1024;
const SMALL_INFLATED = 96 * 1024 * 1024;
const CHUNK = 1024 * 1024;

/** gzip (RFC 1952) around any other format. Of a damaged or truncated stream, what comes before the damage is read. */
export const gzip: Wrapper = {
  name: 'gzip',

  probe(source) {
    const magic = readUpTo(source, 0, 3);
    return magic[0] === 0x1f && magic[1] === 0x8b && magic[2] === 8;
  },

  async unwrap(source, context) {
    const whole = source.byteLength <= SMALL ? inMemory(source) : undefined;
    const result = whole ?? (await spooled(source, context));
    source.close();
    if (result.source.byteLength === 0) {
      throw new FormatError({
        file: source.name,
        expected: 'compressed data after the gzip header',
        found: result.warnings[0] ?? 'nothing',
      });
    }
    return result;
  },
};

function inMemory(source: ByteSource): Unwrapped | undefined {
  try {
    const bytes = gunzipSync(readUpTo(source, 0, source.byteLength), {
      maxOutputLength: SMALL_INFLATED,
      chunkSize: CHUNK,
    });
    return { source: bytesSource(bytes, source.name), how: 'gzip-compressed', warnings: [] };
  } catch {
    return undefined; // too large for memory, or damaged: the spool will tell
  }
}

async function spooled(source: ByteSource, context: OpenContext): Promise<Unwrapped> {
  const spool = openSpool(source.name, context);
  const gunzip = createGunzip({ chunkSize: CHUNK, finishFlush: constants.Z_SYNC_FLUSH });
  const warnings: string[] = [];
  let at = 0;
  let ended = false;
  const finished = new Promise<void>((resolve, reject) => {
    gunzip.on('data', (bytes: Uint8Array) => {
      try {
        spool.write(bytes);
      } catch (error) {
        ended = true;
        gunzip.destroy();
        reject(error);
      }
    });
    gunzip.on('end', resolve);
    gunzip.on('error', (error) => {
      ended = true;
      warnings.push(`the gzip data is damaged (${error.message}): the rest is lost`);
      resolve();
    });
  });
  while (at < source.byteLength && !ended) {
    const bytes = readUpTo(source, at, CHUNK);
    if (bytes.length === 0) break;
    at += bytes.length;
    if (!gunzip.write(bytes)) {
      await Promise.race([new Promise((resolve) => gunzip.once('drain', resolve)), finished]);
    }
    context.progress?.('decompressing', at, source.byteLength);
  }
  if (!ended) gunzip.end();
  await finished;
  const inflated = spool.finish();
  if (warnings.length === 0 && !trailerMatches(source, inflated.byteLength)) {
    warnings.push('the gzip data ends early: the file is truncated');
  }
  return { source: inflated, how: 'gzip-compressed', warnings };
}

/** The last four bytes of a gzip file with one member are the length of the data modulo 2^32. */
function trailerMatches(source: ByteSource, length: number): boolean {
  const tail = readUpTo(source, source.byteLength - 4, 4);
  return (
    tail.length === 4 && new DataView(tail.buffer, tail.byteOffset).getUint32(0, true) === length % 2 ** 32
  );
}
