import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import { type ByteSource, bytesSource, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError, UnsupportedError } from '../core/errors.ts';
import { decodeLz4 } from './compression/lz4.ts';

/** Number of bytes at the start of the file that `isBzImage` and `unpackBzImage` need. */
export const BZ_IMAGE_HEADER = 0x250;
/** An unpacked kernel is a few times larger than the packed one, which has some 15 MB. */
const MAX_UNPACKED = 1 << 30;
const LZ4_BLOCK = 8 << 20;

/** Unpacks into `output`, which has the size that the payload claims, and returns the result. */
type Unpack = (bytes: Uint8Array, output: Uint8Array) => Uint8Array;

/** Magic numbers of payloads (scripts/extract-vmlinux has the same list), with their decoders. */
const COMPRESSIONS: readonly { name: string; magic: string; unpack: Unpack | undefined }[] = [
  {
    name: 'gzip',
    magic: '\x1f\x8b\x08',
    unpack: (bytes, output) => gunzipSync(bytes, { maxOutputLength: output.length }),
  },
  { name: 'zstd', magic: '\x28\xb5\x2f\xfd', unpack: unpackZstd },
  { name: 'lz4', magic: '\x02\x21\x4c\x18', unpack: unpackLegacyLz4 },
  { name: 'xz', magic: '\xfd7zXZ\0', unpack: undefined },
  { name: 'lzo', magic: '\x89LZO', unpack: undefined },
  { name: 'bzip2', magic: 'BZh', unpack: undefined },
  { name: 'lzma', magic: '\x5d\0\0', unpack: undefined },
];

/** Whether a file starts like a bootable x86 kernel (Documentation/arch/x86/boot.rst). */
export function isBzImage(start: Uint8Array): boolean {
  return (
    start.length >= BZ_IMAGE_HEADER &&
    start[0x1fe] === 0x55 &&
    start[0x1ff] === 0xaa &&
    hasText(start, 'HdrS', 0x202)
  );
}

/**
 * Extracts the vmlinux from a bzImage. `start` is its first `BZ_IMAGE_HEADER` bytes.
 * @throws UnsupportedError if Node.js cannot undo its compression
 * @throws FormatError if it is damaged
 */
export function unpackBzImage(source: ByteSource, start: Uint8Array): ByteSource {
  const view = viewOf(start);
  const setupSectors = view.getUint8(0x1f1) || 4;
  const offset = (setupSectors + 1) * 512 + view.getUint32(0x248, true);
  const length = view.getUint32(0x24c, true);
  const payload = readUpTo(source, offset, length);
  const damaged = (expected: string, found: string): FormatError =>
    new FormatError({ file: source.name, offset, expected, found });
  if (payload.length < length || length < 8) {
    throw damaged(`a compressed kernel of ${length} bytes`, `${payload.length} bytes`);
  }
  const name = `the kernel in ${source.name}`;
  if (hasText(payload, '\x7fELF')) return bytesSource(payload, name);
  const compression = COMPRESSIONS.find(({ magic }) => hasText(payload, magic));
  if (!compression) {
    throw damaged('a compressed kernel', `bytes ${Buffer.from(payload.subarray(0, 4)).toString('hex')}`);
  }
  if (!compression.unpack) {
    throw new UnsupportedError(
      `${source.name}: a kernel compressed with ${compression.name}`,
      "unpack it with the kernel's scripts/extract-vmlinux and give the vmlinux",
    );
  }
  // The size of the unpacked kernel follows the compressed data. gzip has it at its own end, in the same place.
  const size = viewOf(payload).getUint32(length - 4, true);
  if (size > MAX_UNPACKED) throw damaged('the size of an unpacked kernel', `${size} bytes`);
  const data = compression.name === 'gzip' ? payload : payload.subarray(0, length - 4);
  try {
    return bytesSource(compression.unpack(data, new Uint8Array(size)), name);
  } catch (error) {
    throw damaged(`a kernel compressed with ${compression.name}`, (error as Error).message);
  }
}

/** Loaded on demand, since few kernels need it. */
function unpackZstd(bytes: Uint8Array, output: Uint8Array): Uint8Array {
  const { decompress } = createRequire(import.meta.url)('fzstd') as typeof import('fzstd');
  return decompress(bytes, output);
}

/** The frame that `lz4 -l` makes for the kernel's own decompressor: blocks that unpack to 8 MiB each. */
function unpackLegacyLz4(bytes: Uint8Array, output: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  let done = 0;
  for (let at = 4; at + 4 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    const block = bytes.subarray(at + 4, at + 4 + length);
    const unpacked = decodeLz4(block, output.subarray(done, done + LZ4_BLOCK));
    if (unpacked < 0 || block.length < length) throw new Error(`a damaged block at byte ${at}`);
    done += unpacked;
    at += 4 + length;
  }
  return output.subarray(0, done);
}
