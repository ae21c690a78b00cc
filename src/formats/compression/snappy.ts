/**
 * Decodes a raw snappy block (format_description.txt of google/snappy), the codec of `makedumpfile -p`, into `output`.
 * Returns the number of decoded bytes, or -1 if the block is damaged.
 */
export function decodeSnappy(input: Uint8Array, output: Uint8Array): number {
  const inEnd = input.length;
  const header = snappyLength(input);
  if (!header || header.length > output.length) return -1;
  const end = header.length;
  let ip = header.size;
  let op = 0;
  while (ip < inEnd) {
    const tag = input[ip++]!;
    let length = tag >> 2;
    if ((tag & 3) === 0) {
      if (length >= 60) {
        const bytes = length - 59;
        if (ip + bytes > inEnd) return -1;
        length = 0;
        for (let i = bytes - 1; i >= 0; i--) length = length * 256 + input[ip + i]!;
        ip += bytes;
      }
      length++;
      if (ip + length > inEnd || op + length > end) return -1;
      for (const stop = op + length; op < stop; ) output[op++] = input[ip++]!;
      continue;
    }
    let distance: number;
    if ((tag & 3) === 1) {
      if (ip >= inEnd) return -1;
      length = (length & 7) + 4;
      distance = ((tag >> 5) << 8) | input[ip++]!;
    } else {
      const bytes = (tag & 3) === 2 ? 2 : 4;
      if (ip + bytes > inEnd) return -1;
      length++;
      distance = 0;
      for (let i = bytes - 1; i >= 0; i--) distance = distance * 256 + input[ip + i]!;
      ip += bytes;
    }
    if (distance === 0 || distance > op || op + length > end) return -1;
    for (let from = op - distance, stop = op + length; op < stop; ) output[op++] = output[from++]!;
  }
  return op === end ? op : -1;
}

/** The decoded length at the start of a block (a varint below 2^32), and its own length in bytes. */
export function snappyLength(input: Uint8Array): { length: number; size: number } | undefined {
  let length = 0;
  for (let i = 0; i < Math.min(5, input.length); i++) {
    const byte = input[i]!;
    length += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return length < 2 ** 32 ? { length, size: i + 1 } : undefined;
  }
  return undefined;
}
