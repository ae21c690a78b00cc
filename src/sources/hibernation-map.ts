import { type ByteSource, readUpTo, viewOf } from '../core/bytes.ts';

const PAGE = 4096;
/** Number of entries in a struct swap_map_page; the next word is the place of the next one. */
const ENTRIES = 511;

/**
 * The pages of the image in order, as page numbers of the file, by the chain of swap map pages that starts at page `from`.
 * The chain cannot be longer than the file has pages; a page that is visited twice ends it.
 */
export function readSwapMap(source: ByteSource, from: bigint, warnings: string[]): Float64Array {
  const most = BigInt(Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(source.byteLength / PAGE)));
  const seen = new Set<bigint>();
  let out = new Float64Array(ENTRIES);
  let count = 0;
  for (let at = from; at !== 0n; ) {
    if (at >= most || seen.has(at)) {
      warnings.push(
        at >= most
          ? `the map of the hibernation image goes on at page ${at}, which is not in the file`
          : `the map of the hibernation image comes back to page ${at}: it is damaged`,
      );
      break;
    }
    seen.add(at);
    const bytes = readUpTo(source, Number(at) * PAGE, PAGE);
    if (bytes.length < PAGE) {
      warnings.push('the file ends within the map of the hibernation image');
      break;
    }
    const view = viewOf(bytes);
    if (count + ENTRIES > out.length) {
      const larger = new Float64Array(out.length * 2);
      larger.set(out);
      out = larger;
    }
    for (let i = 0; i < ENTRIES; i++) {
      const entry = view.getBigUint64(i * 8, true);
      if (entry === 0n) return out.subarray(0, count);
      out[count++] = Number(entry < most ? entry : most);
    }
    at = view.getBigUint64(ENTRIES * 8, true);
  }
  return out.subarray(0, count);
}
