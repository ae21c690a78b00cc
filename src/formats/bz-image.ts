import * as zlib from 'node:zlib';
import { type ByteSource, bytesSource, hasText, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError, UnsupportedError } from '../core/errors.ts';

/** Bytes from the start of the file that `isBzImage` and `unpackBzImage` look at. */
export const BZ_IMAGE_HEADER = 0x250;
/** An unpacked kernel is a few times as large as a packed one of 15 MB. */
const MAX_UNPACKED = 1 << 30;

type Unpack = (bytes: Uint8Array) => Uint8Array;

/** How payloads begin (scripts/extract-vmlinux lists the same), and what unpacks them. */
const COMPRESSIONS: readonly { name: string; magic: string; unpack: Unpack | undefined }[] = [
  {
    name: 'gzip',
    magic: '\x1f\x8b\x08',
    unpack: (bytes) => zlib.gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED }),
  },
  { name: 'zstd', magic: '\x28\xb5\x2f\xfd', unpack: zstdOfNode() },
  { name: 'xz', magic: '\xfd7zXZ\0', unpack: undefined },
  { name: 'lz4', magic: '\x02\x21\x4c\x18', unpack: undefined },
  { name: 'lzo', magic: '\x89LZO', unpack: undefined },
  { name: 'bzip2', magic: 'BZh', unpack: undefined },
  { name: 'lzma', magic: '\x5d\0\0', unpack: undefined },
];

/** Whether a file begins as a bootable x86 kernel does (Documentation/arch/x86/boot.rst). */
export function isBzImage(start: Uint8Array): boolean {
  return (
    start.length >= BZ_IMAGE_HEADER &&
    start[0x1fe] === 0x55 &&
    start[0x1ff] === 0xaa &&
    hasText(start, 'HdrS', 0x202)
  );
}

/**
 * The vmlinux in a bzImage. `start` is its first `BZ_IMAGE_HEADER` bytes.
 * @throws UnsupportedError when this Node cannot undo its compression
 * @throws FormatError when it is damaged
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
  // The size of the unpacked kernel follows the compressed data, except for gzip, which has it itself.
  const data = compression.name === 'gzip' ? payload : payload.subarray(0, length - 4);
  try {
    return bytesSource(compression.unpack(data), name);
  } catch (error) {
    throw damaged(`a kernel compressed with ${compression.name}`, (error as Error).message);
  }
}

/** Node has zstd from 22.15 and 23.8 on. */
function zstdOfNode(): Unpack | undefined {
  const { zstdDecompressSync } = zlib as {
    zstdDecompressSync?: (bytes: Uint8Array, options: object) => Uint8Array;
  };
  return zstdDecompressSync && ((bytes) => zstdDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED }));
}
