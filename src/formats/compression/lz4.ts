/**
 * Decodes a raw LZ4 block (lz4_Block_format.md), as in hibernation images, into `output`. Returns the number of decoded
 * bytes, or -1 if the block is damaged.
 */
export function decodeLz4(input: Uint8Array, output: Uint8Array): number {
  const inEnd = input.length;
  const outEnd = output.length;
  let ip = 0;
  let op = 0;

  const more = (base: number): number => {
    let length = base;
    while (ip < inEnd) {
      const byte = input[ip++]!;
      length += byte;
      if (byte < 255) return length;
    }
    return -1;
  };

  while (ip < inEnd) {
    const token = input[ip++]!;
    let length = token >> 4;
    if (length === 15) length = more(15);
    if (length < 0 || ip + length > inEnd || op + length > outEnd) return -1;
    for (const stop = op + length; op < stop; ) output[op++] = input[ip++]!;
    if (ip === inEnd) return op; // the last sequence has literals only
    if (ip + 2 > inEnd) return -1;
    const distance = input[ip]! | (input[ip + 1]! << 8);
    ip += 2;
    length = token & 15;
    if (length === 15) length = more(15);
    length += 4;
    if (length < 4 || distance === 0 || distance > op || op + length > outEnd) return -1;
    for (let from = op - distance, stop = op + length; op < stop; ) output[op++] = output[from++]!;
  }
  return -1;
}
