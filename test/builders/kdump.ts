import { type Codec, compress } from './compress.ts';
import { pageContent, parseLines } from './content.ts';

export interface KdumpRecipe {
  /**
   * Lines `<pfn>[-<pfn>] ram|zero|excluded [codec]`, numbers in hexadecimal. Pages that no line names are holes.
   */
  pages: string;
  codec?: Codec;
  version?: number;
  blockSize?: number;
  bigEndian?: boolean;
  /** The page frames of this part of a split dump: `[start, end)`. */
  split?: readonly [start: number, end: number];
  dumpLevel?: number;
  vmcoreinfo?: string;
  notes?: Uint8Array;
  status?: number;
  machine?: string;
  /** QEMU's way: utsname has the machine only. */
  qemu?: boolean;
  /** Number of page frames, if not one more than the last. */
  maxMapnr?: number;
  /** One bitmap only, as of writers that filter nothing. */
  singleBitmap?: boolean;
  timestamp?: number;
  /** Headers of a 32-bit kernel, with 64-bit numbers wherever they come, or at multiples of 8. */
  narrow?: 'packed' | 'padded';
  /** What page `pfn` holds; pageContent if absent. */
  content?: (pfn: number) => Uint8Array;
}

const FLAG: Record<Codec, number> = { none: 0, zlib: 1, lzo: 2, snappy: 4, zstd: 32 };

/** Where the members of struct kdump_sub_header are: 64-bit; i386 and QEMU; Arm. */
const SUB_HEADERS = {
  wide: { dumpLevel: 8, startPfn: 16, endPfn: 24, vmcoreinfo: 32, notes: 48, maxMapnr64: 96 },
  packed: { dumpLevel: 4, startPfn: 12, endPfn: 16, vmcoreinfo: 20, notes: 32, maxMapnr64: 72 },
  padded: { dumpLevel: 4, startPfn: 12, endPfn: 16, vmcoreinfo: 24, notes: 40, maxMapnr64: 88 },
} as const;

/** Makes a kdump-compressed file as makedumpfile lays it out. */
export async function buildKdump(recipe: KdumpRecipe): Promise<Uint8Array> {
  const { codec = 'zlib', version = 6, blockSize = 4096, bigEndian = false, dumpLevel = 31 } = recipe;
  const le = !bigEndian;
  const content = recipe.content ?? ((pfn: number) => pageContent(pfn, blockSize));
  const lines = parseLines(recipe.pages);
  const maxMapnr = recipe.maxMapnr ?? Math.max(0, ...lines.map((l) => l.last + 1));
  const bitmapBytes = Math.max(1, Math.ceil(maxMapnr / 8 / blockSize)) * blockSize;
  const memory = new Uint8Array(bitmapBytes);
  const dumped = new Uint8Array(bitmapBytes);
  const inFile: { pfn: number; zero: boolean; codec: Codec }[] = [];
  for (const { first, last, words } of lines) {
    for (let pfn = first; pfn <= last; pfn++) {
      memory[pfn >> 3]! |= 1 << (pfn & 7);
      if (words[0] === 'excluded') continue;
      dumped[pfn >> 3]! |= 1 << (pfn & 7);
      inFile.push({ pfn, zero: words[0] === 'zero', codec: (words[1] as Codec | undefined) ?? codec });
    }
  }
  inFile.sort((a, b) => a.pfn - b.pfn);
  const mine = inFile.filter(({ pfn }) => !recipe.split || (pfn >= recipe.split[0] && pfn < recipe.split[1]));
  const bitmaps = recipe.singleBitmap ? [dumped] : [memory, dumped];

  const text = new TextEncoder().encode(recipe.vmcoreinfo ?? '');
  const notes = recipe.notes ?? new Uint8Array(0);
  const subBlocks = 1 + Math.ceil((text.length + notes.length) / blockSize);
  const table = (1 + subBlocks) * blockSize + bitmaps.length * bitmapBytes;
  // makedumpfile leaves room for all descriptors in each part
  let dataAt = table + 24 * inFile.length;

  const zeroPage = await compress(new Uint8Array(blockSize), codec);
  const zeroAt = dataAt;
  const chunks: { at: number; bytes: Uint8Array }[] = [{ at: zeroAt, bytes: zeroPage }];
  dataAt += zeroPage.length;
  const descriptors = new Uint8Array(24 * mine.length);
  const dv = new DataView(descriptors.buffer);
  for (const [i, page] of mine.entries()) {
    const packed = await compress(content(page.pfn), page.codec);
    const plain = packed.length >= blockSize;
    const data = page.zero ? zeroPage : plain ? content(page.pfn) : packed;
    const at = page.zero ? zeroAt : dataAt;
    if (!page.zero) {
      chunks.push({ at, bytes: data });
      dataAt += data.length;
    }
    dv.setBigUint64(i * 24, BigInt(at), le);
    dv.setUint32(i * 24 + 8, data.length, le);
    dv.setUint32(i * 24 + 12, page.zero ? FLAG[codec] : plain ? 0 : FLAG[page.codec], le);
  }

  const out = new Uint8Array(dataAt);
  const view = new DataView(out.buffer);
  const put = (at: number, s: string): void => out.set(new TextEncoder().encode(s), at);
  put(0, 'KDUMP   ');
  view.setInt32(8, version, le);
  if (!recipe.qemu) {
    put(12, 'Linux');
    put(12 + 65, 'box');
    put(12 + 130, '6.12.0-test');
    put(12 + 195, '#1 SMP');
  }
  put(12 + 260, recipe.machine ?? 'x86_64');
  const { narrow } = recipe;
  const word = (at: number, value: number): void => {
    if (narrow) view.setUint32(at, value, le);
    else view.setBigUint64(at, BigInt(value), le);
  };
  word(narrow ? 404 : 408, recipe.timestamp ?? 1_700_000_000);
  const main = narrow ? 412 : 424;
  view.setUint32(main, recipe.status ?? FLAG[codec], le);
  view.setUint32(main + 4, blockSize, le);
  view.setUint32(main + 8, subBlocks, le);
  view.setUint32(main + 12, (bitmaps.length * bitmapBytes) / blockSize, le);
  view.setUint32(main + 16, Math.min(maxMapnr, 0xffffffff), le);
  view.setUint32(main + 36, 2, le);
  const sub = blockSize;
  const at = SUB_HEADERS[narrow ?? 'wide'];
  view.setInt32(sub + at.dumpLevel, recipe.qemu ? 1 : dumpLevel, le);
  if (recipe.split) {
    view.setInt32(sub + at.dumpLevel + 4, 1, le);
    word(sub + at.startPfn, recipe.split[0]);
    word(sub + at.endPfn, recipe.split[1]);
    view.setBigUint64(sub + at.maxMapnr64 - 16, BigInt(recipe.split[0]), le);
    view.setBigUint64(sub + at.maxMapnr64 - 8, BigInt(recipe.split[1]), le);
  }
  if (text.length > 0) {
    view.setBigUint64(sub + at.vmcoreinfo, BigInt(sub + 104), le);
    word(sub + at.vmcoreinfo + 8, text.length);
    out.set(text, sub + 104);
  }
  if (notes.length > 0) {
    view.setBigUint64(sub + at.notes, BigInt(sub + 104 + text.length), le);
    word(sub + at.notes + 8, notes.length);
    out.set(notes, sub + 104 + text.length);
  }
  if (version >= 6) view.setBigUint64(sub + at.maxMapnr64, BigInt(maxMapnr), le);
  bitmaps.forEach((bitmap, i) => {
    out.set(bitmap, (1 + subBlocks) * blockSize + i * bitmapBytes);
  });
  out.set(descriptors, table);
  for (const { at, bytes } of chunks) out.set(bytes, at);
  return out;
}
