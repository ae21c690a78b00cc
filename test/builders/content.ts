/** The content of page `pfn` in every file that the builders make: different in each page, compressible. */
export function pageContent(pfn: number, size = 4096): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 16 <= size; at += 16) {
    view.setUint32(at, pfn, true);
    view.setUint32(at + 4, at, true);
    view.setUint32(
      at + 8,
      (Math.imul(pfn + 1, 2654435761) ^ Math.imul(at, at % 256 === 0 ? 40503 : 1)) >>> 0,
    );
  }
  return bytes;
}

/** Parses lines of `<first>[-<last>] <word>...`; numbers in hexadecimal. */
export function parseLines(text: string): { first: number; last: number; words: string[] }[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [range, ...words] = line.split(/\s+/);
      const [first, last = first] = range!.split('-');
      return { first: Number.parseInt(first!, 16), last: Number.parseInt(last!, 16), words };
    });
}
