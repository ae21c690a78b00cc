import { hex, type VirtAddr } from '../core/address.ts';
import { FaultError, StructPageError } from '../core/errors.ts';
import { Btf } from '../formats/btf/btf.ts';
import type { Kernel } from './kernel.ts';
import { MAX_IMAGE, readImage } from './kernel-image.ts';
import { ScanMeter } from './search.ts';

/** The kernel's own BTF and its place. */
export interface FoundBtf {
  readonly btf: Btf;
  readonly from: string;
  /** Its address and all of its bytes. */
  readonly address: VirtAddr;
  readonly bytes: Uint8Array;
}

/** Larger than the types of any kernel. */
const MAX_BTF = 64 * 1024 * 1024;
/** Smaller BTF belongs to a module. */
const MIN_BTF = 512 * 1024;
/** Magic 0xeb9f, version 1, no flags (include/uapi/linux/btf.h). */
const MAGIC = { little: Uint8Array.of(0x9f, 0xeb, 1, 0), big: Uint8Array.of(0xeb, 0x9f, 1, 0) };

/**
 * Finds the types in the image: between __start_BTF and __stop_BTF (include/asm-generic/vmlinux.lds.h), else by a scan of
 * the kernel image for BTF that contains struct page. Adds what is wrong to `problems`.
 */
export function findBtf(kernel: Kernel, problems: string[]): FoundBtf | undefined {
  const named = bySymbols(kernel, problems);
  if (named) return named;
  const meter = new ScanMeter();
  const found = meter.run(() => byScan(kernel, problems, meter));
  kernel.search.add('types', found ? found.from : 'no BTF in the kernel image', meter);
  return found;
}

/** Number of bytes compared at a time, few enough to stay in the cache. */
const PIECE = 256 * 1024;

/** Whether memory holds exactly these bytes at `offset` from the start of the kernel's text; false if it cannot be read. */
export function isBtfAt(kernel: Kernel, offset: number, bytes: Uint8Array): boolean {
  const { text } = kernel;
  if (text === undefined || bytes.length > MAX_BTF || offset + bytes.length > MAX_IMAGE) return false;
  const buffer = Buffer.allocUnsafe(PIECE);
  try {
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = buffer.subarray(0, Math.min(PIECE, bytes.length - at));
      kernel.space.readInto(text + BigInt(offset + at), piece, 'BTF of the kernel');
      if (piece.compare(bytes, at, at + piece.length) !== 0) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof FaultError) return false;
    throw error;
  }
}

function bySymbols(kernel: Kernel, problems: string[]): FoundBtf | undefined {
  const found = kernel.symbols(['__start_BTF', '__stop_BTF']);
  const start = found.get('__start_BTF');
  const stop = found.get('__stop_BTF');
  if (start === undefined || stop === undefined) return undefined;
  const length = Number(stop - start);
  if (length <= 0 || length > MAX_BTF) {
    problems.push(`__start_BTF to __stop_BTF is ${length} bytes`);
    return undefined;
  }
  try {
    const bytes = kernel.space.read(start, length, 'BTF of the kernel');
    const btf = checked(Btf.parse(bytes, 'BTF in the image'));
    const from = `BTF in the image (__start_BTF ${hex(start)})`;
    return { btf, from, address: start, bytes: bytes.subarray(0, btf.byteLength) };
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

function byScan(kernel: Kernel, problems: string[], meter: ScanMeter): FoundBtf | undefined {
  const image = readImage(kernel);
  if (!image) return undefined;
  meter.bytes += image.bytes.length;
  const bytes = Buffer.from(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength);
  const magic = kernel.architecture.littleEndian ? MAGIC.little : MAGIC.big;
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 4)) {
    if (at % 4 !== 0) continue;
    try {
      const btf = Btf.parse(bytes.subarray(at, at + MAX_BTF), 'BTF in the image');
      if (btf.byteLength < MIN_BTF) continue;
      const address = image.address + BigInt(at);
      const from = `BTF in the image, found by a scan at ${hex(address)}`;
      return { btf: checked(btf), from, address, bytes: bytes.subarray(at, at + btf.byteLength) };
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      if (!(error instanceof FaultError) && problems.length < 8) problems.push(error.message);
    }
  }
  return undefined;
}

/** BTF without these belongs to a module, or is of no use. */
function checked(btf: Btf): Btf {
  btf.structSize('page');
  return btf;
}
