import { crc32c } from '../../src/formats/compression/crc32c.ts';
import { encodeSnappy } from './compress.ts';
import { pageContent, parseLines } from './content.ts';

type Content = (pfn: number) => Uint8Array;

function memory(first: number, last: number, content: Content): Uint8Array {
  const out = new Uint8Array((last + 1 - first) * 4096);
  for (let pfn = first; pfn <= last; pfn++) out.set(content(pfn), (pfn - first) * 4096);
  return out;
}

function header(magic: string, version: number, first: number, last: number): Uint8Array {
  const out = new Uint8Array(32);
  const view = new DataView(out.buffer);
  out.set(new TextEncoder().encode(magic));
  view.setUint32(4, version, true);
  view.setBigUint64(8, BigInt(first * 4096), true);
  view.setBigUint64(16, BigInt((last + 1) * 4096 - 1), true);
  return out;
}

/** LiME's format from lines `<pfn>-<pfn>`, in the order given. */
export function buildLime(ranges: string, content: Content = pageContent): Uint8Array {
  return Buffer.concat(
    parseLines(ranges).flatMap(({ first, last }) => [
      header('EMiL', 1, first, last),
      memory(first, last, content),
    ]),
  );
}

/** AVML's compressed form from lines `<pfn>-<pfn> [plain]`: a stream of snappy frames a range, then its length. */
export function buildAvml(ranges: string, content: Content = pageContent): Uint8Array {
  return Buffer.concat(
    parseLines(ranges).flatMap(({ first, last, words }) => {
      const frames = snappyFrames(memory(first, last, content), words.includes('plain'));
      const trailer = new Uint8Array(8);
      new DataView(trailer.buffer).setBigUint64(0, BigInt(frames.length), true);
      return [header('AVML', 2, first, last), frames, trailer];
    }),
  );
}

function snappyFrames(bytes: Uint8Array, plain: boolean): Uint8Array {
  const chunks: Uint8Array[] = [Uint8Array.from([0xff, 6, 0, 0, ...new TextEncoder().encode('sNaPpY')])];
  for (let at = 0; at < bytes.length; at += 65536) {
    const part = bytes.subarray(at, at + 65536);
    const packed = plain ? part : encodeSnappy(part);
    const crc = crc32c(part);
    const head = new Uint8Array(8);
    const view = new DataView(head.buffer);
    view.setUint32(0, (plain ? 1 : 0) | ((packed.length + 4) << 8), true);
    view.setUint32(4, ((crc >>> 15) | (crc << 17)) + 0xa282ead8, true);
    chunks.push(head, packed);
  }
  return Buffer.concat(chunks);
}
