import { UnsupportedError } from '../../core/errors.ts';

/** Decodes one zstd frame into `output`; returns the decoded bytes, or -1 if the frame is damaged or too large. */
export type ZstdDecoder = (input: Uint8Array, output: Uint8Array) => number;

/** The part of node:zlib that Node 22.15 introduced. */
interface ZlibWithZstd {
  zstdDecompressSync?(input: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
  zstdCompressSync?(input: Uint8Array, options: { params: Record<number, number> }): Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

/** node:zlib, which most dumps do not need. */
function zlib(): ZlibWithZstd {
  return process.getBuiltinModule('node:zlib') as unknown as ZlibWithZstd;
}

/**
 * Loads the decoder for single blocks: that of node:zlib if there is one, otherwise libzstd in WebAssembly. Loading takes a
 * moment, so call it only if a file needs it. Throws UnsupportedError if the package is missing.
 */
export function loadZstd(): Promise<ZstdDecoder> {
  loading ??= load();
  return loading;
}

/** Loads the encoder for single blocks, as `loadZstd` does the decoder. Throws UnsupportedError if the package is missing. */
export async function loadZstdEncoder(level: number): Promise<(input: Uint8Array) => Uint8Array> {
  const { zstdCompressSync: native, constants } = zlib();
  const { ZSTD_c_compressionLevel: parameter } = constants;
  if (native && parameter !== undefined) return (input) => native(input, { params: { [parameter]: level } });
  try {
    const wasm = await zstdModule();
    return (input) => wasm.compress(input, level);
  } catch (error) {
    throw new UnsupportedError('compression with zstd', adviceOn(error));
  }
}

function adviceOn(error: unknown): string {
  return `Node 22.15 or the package @bokuweb/zstd-wasm is needed (${error instanceof Error ? error.message : error})`;
}

/** Loads libzstd in WebAssembly. Throws if the package is missing. */
export function zstdModule(): Promise<typeof import('@bokuweb/zstd-wasm')> {
  // initialising the package twice would replace its memory during decoding
  module ??= import('@bokuweb/zstd-wasm').then(async (wasm) => {
    await wasm.init();
    return wasm;
  });
  return module;
}

let module: Promise<typeof import('@bokuweb/zstd-wasm')> | undefined;

let loading: Promise<ZstdDecoder> | undefined;

async function load(): Promise<ZstdDecoder> {
  const native = zlib().zstdDecompressSync;
  if (native) return (input, output) => into(output, () => native(input, { maxOutputLength: output.length }));
  try {
    const wasm = await zstdModule();
    return (input, output) => {
      const size = frameSize(input);
      if (size !== undefined && size > output.length) return -1;
      return into(output, () => wasm.decompress(input, { defaultHeapSize: output.length }));
    };
  } catch (error) {
    throw new UnsupportedError('pages compressed with zstd', adviceOn(error));
  }
}

function into(output: Uint8Array, decode: () => Uint8Array): number {
  try {
    const bytes = decode();
    if (bytes.length > output.length) return -1;
    output.set(bytes);
    return bytes.length;
  } catch {
    return -1;
  }
}

/** The content size in a frame's header (RFC 8878, 3.1.1.1), if it has one; the decoder detects damage. */
export function frameSize(input: Uint8Array): number | undefined {
  const descriptor = input[4];
  if (descriptor === undefined) return undefined;
  const single = (descriptor & 0x20) !== 0;
  const code = descriptor >> 6;
  const bytes = code === 0 ? (single ? 1 : 0) : 1 << code;
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  if (bytes === 0 || at + bytes > input.length) return undefined;
  let size = 0;
  for (let i = bytes - 1; i >= 0; i--) size = size * 256 + input[at + i]!;
  return bytes === 2 ? size + 256 : size;
}
