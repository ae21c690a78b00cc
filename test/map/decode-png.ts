import { inflateSync } from 'node:zlib';

export interface Decoded {
  readonly width: number;
  readonly height: number;
  /** Colours of the pixels as 0xrrggbb, row by row. */
  readonly colours: readonly number[];
  readonly texts: ReadonlyMap<string, string>;
}

/** Decodes a PNG with a palette, 8 bits per pixel and no filters (ISO/IEC 15948); independent of src/map/png.ts. */
export function decodePng(bytes: Buffer): Decoded {
  const parts: Record<string, Buffer[]> = {};
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    parts[type] ??= [];
    parts[type].push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [header] = parts.IHDR!;
  const [width, height] = [header!.readUInt32BE(0), header!.readUInt32BE(4)];
  if (header![8] !== 8 || header![9] !== 3) throw new Error('not a palette of 8 bits');
  const rows = inflateSync(Buffer.concat(parts.IDAT!));
  const colours: number[] = [];
  for (let y = 0; y < height; y++) {
    if (rows[y * (width + 1)] !== 0) throw new Error('a row with a filter');
    for (let x = 0; x < width; x++) {
      const index = rows[y * (width + 1) + 1 + x]!;
      colours.push(parts.PLTE![0]!.readUIntBE(index * 3, 3));
    }
  }
  const texts = (parts.iTXt ?? []).map((text): [string, string] => {
    const [keyword] = text.toString('latin1').split('\0');
    return [keyword!, text.toString('utf8', keyword!.length + 5)];
  });
  return { width, height, colours, texts: new Map(texts) };
}
