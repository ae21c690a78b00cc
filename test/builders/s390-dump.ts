import { pageContent } from './content.ts';

const HEADER = 4096;

/** A range of pages, the first and the last. */
type Pages = readonly [first: number, last: number];

function memory([first, last]: Pages): Uint8Array[] {
  return Array.from({ length: last + 1 - first }, (_, i) => pageContent(first + i));
}

/** The header of a volume of a dump of `pages` pages. */
export function s390Header(pages: number, volume?: number, extended = false): Uint8Array {
  const out = new Uint8Array(HEADER);
  const view = new DataView(out.buffer);
  const magic = extended ? 0xa8190173618f23fen : 0xa8190173618f23fdn;
  view.setBigUint64(0, magic);
  view.setUint32(0xc, HEADER);
  view.setUint32(0x14, 4096);
  view.setBigUint64(0x18, BigInt(pages * 4096));
  view.setBigUint64(0x28, BigInt(pages * 4096));
  view.setUint32(0x48, 2);
  view.setUint32(0x4c, volume ?? 0);
  view.setUint16(0x5d, 3);
  if (volume !== undefined) view.setBigUint64(0x200, magic);
  return out;
}

const END = Buffer.from('DUMP_END\0\0\0\0\0\0\0\0', 'latin1');

/** A dump on one volume. */
export function buildS390Dump(pages: number): Uint8Array {
  return Buffer.concat([s390Header(pages), ...memory([0, pages - 1]), END]);
}

/** A dump on several volumes, each with room for `room` pages. */
export function buildS390Volumes(pages: number, room: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(pages / room) }, (_, i) => {
    const last = Math.min(pages, (i + 1) * room) - 1;
    const end = last === pages - 1 ? [END] : [];
    return Buffer.concat([s390Header(pages, i), ...memory([i * room, last]), ...end]);
  });
}

/** An extended dump of the given ranges of pages, on one volume or more. */
export function buildS390Extended(pages: number, volumes: readonly (readonly Pages[])[]): Uint8Array[] {
  return volumes.map((ranges, v) => {
    const parts = ranges.flatMap((range, i) => {
      const head = new Uint8Array(HEADER);
      const view = new DataView(head.buffer);
      view.setBigUint64(0, BigInt(range[0] * 4096));
      view.setBigUint64(8, BigInt((range[1] + 1 - range[0]) * 4096));
      const isLast = v === volumes.length - 1 && i === ranges.length - 1;
      view.setBigUint64(16, isLast ? 1n : 0n);
      return [head, ...memory(range), ...(isLast ? [END] : [])];
    });
    return Buffer.concat([s390Header(pages, volumes.length > 1 ? v : undefined, true), ...parts]);
  });
}
