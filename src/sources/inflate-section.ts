import { createInflate } from 'node:zlib';
import type { ByteSource } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import type { ElfSection } from '../formats/elf-sections.ts';
import { decompress } from './decompress.ts';
import { byNode, zstdDecoder } from './zstd.ts';

/** Decompresses a section of an ELF file into a temporary file. Throws FormatError if it is damaged. */
export async function inflateSection(section: ElfSection, name: string): Promise<ByteSource> {
  const { packed, compression, size } = section;
  const decoder = compression === 'zstd' ? zstdDecoder() : byNode(() => createInflate({ chunkSize: CHUNK }));
  const { source, warnings } = await decompress(packed, compression, { spoolLimit: size }, decoder);
  if (warnings.length === 0 && source.byteLength === size) return source;
  source.close();
  throw new FormatError({
    file: `${packed.name}, ${name}`,
    expected: `${size} bytes when inflated`,
    found: warnings[0] ?? `${source.byteLength}`,
  });
}

const CHUNK = 1024 * 1024;
