import { encodeLzo1x } from './compress.ts';
import { pageContent } from './content.ts';

/** An LZ4 block of literals only. */
function literalLz4(bytes: Uint8Array): Uint8Array {
  const out = [0xf0];
  let rest = bytes.length - 15;
  for (; rest >= 255; rest -= 255) out.push(255);
  out.push(rest);
  return Buffer.concat([Uint8Array.from(out), bytes]);
}

/** A swap partition with an image of these pages; its pages lie back to front, as nothing asks them to be in order. */
export function buildHibernation(
  pfns: readonly number[],
  codec: 'none' | 'lzo' | 'lz4',
  zeros: readonly number[] = [],
  content: (pfn: number) => Uint8Array = pageContent,
): Uint8Array {
  const order = [...pfns, ...zeros].sort((a, b) => a - b);
  const metaPages = Math.ceil(order.length / 512);
  const meta = new Uint8Array(metaPages * 4096).fill(0xff);
  const metaView = new DataView(meta.buffer);
  order.forEach((pfn, i) => {
    metaView.setBigUint64(i * 8, BigInt(pfn) | (zeros.includes(pfn) ? 1n << 63n : 0n), true);
  });
  const plain = Buffer.concat([meta, ...order.filter((p) => !zeros.includes(p)).map((p) => content(p))]);
  const info = new Uint8Array(4096);
  const infoView = new DataView(info.buffer);
  ['Linux', 'box', '6.12.0-test', '#1', 'x86_64'].forEach((text, i) => {
    info.set(new TextEncoder().encode(text), i * 65);
  });
  infoView.setBigUint64(416, BigInt(pfns.length), true);
  infoView.setBigUint64(424, BigInt(pfns.length + metaPages + 1), true);

  const pages: Uint8Array[] = [info];
  const push = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += 4096) {
      const page = new Uint8Array(4096);
      page.set(bytes.subarray(at, at + 4096));
      pages.push(page);
    }
  };
  if (codec === 'none') push(plain);
  else {
    for (let at = 0; at < plain.length; at += 32 * 4096) {
      const unit = plain.subarray(at, at + 32 * 4096);
      const packed = codec === 'lzo' ? encodeLzo1x(unit) : literalLz4(unit);
      const head = new Uint8Array(8);
      new DataView(head.buffer).setBigUint64(0, BigInt(packed.length), true);
      push(Buffer.concat([head, packed]));
    }
  }
  const maps = Math.ceil(pages.length / 511);
  const total = 1 + maps + pages.length;
  const out = new Uint8Array(total * 4096);
  const view = new DataView(out.buffer);
  const sector = (i: number): number => total - 1 - i;
  pages.forEach((page, i) => {
    out.set(page, sector(i) * 4096);
    view.setBigUint64((1 + Math.floor(i / 511)) * 4096 + (i % 511) * 8, BigInt(sector(i)), true);
  });
  for (let m = 0; m + 1 < maps; m++) view.setBigUint64((1 + m) * 4096 + 511 * 8, BigInt(2 + m), true);
  view.setBigUint64(4064, 1n, true);
  view.setUint32(4072, codec === 'none' ? 2 : codec === 'lz4' ? 16 | 4 : 4, true);
  out.set(new TextEncoder().encode('SWAPSPACE2S1SUSPEND'), 4076);
  return out;
}
