/**
 * LZO1X, the codec of `makedumpfile -l` and of hibernation images, by the kernel's description of the stream
 * (Documentation/staging/lzo.rst). Every copy is checked against both buffers.
 *
 * Decodes `input` into `output` and returns the number of decoded bytes, or -1 if the stream is damaged: if it leads
 * outside a buffer, has no end mark, or has bytes after it.
 */
export function decodeLzo1x(input: Uint8Array, output: Uint8Array): number {
  const inEnd = input.length;
  const outEnd = output.length;
  let ip = 0;
  let op = 0;
  /**
   * Number of literals that the last instruction copied: 0 to 3, or 4 for a long run. It selects the meaning of codes below
   * 16.
   */
  let state = 0;

  /**
   * Reads a length that exceeds its field: each zero byte adds 255, the first other byte ends it. -1 at the end of input.
   */
  const more = (base: number): number => {
    let length = base;
    while (ip < inEnd && input[ip] === 0) {
      length += 255;
      ip++;
      if (length > outEnd) return -1;
    }
    return ip < inEnd ? length + input[ip++]! : -1;
  };

  if (inEnd < 3) return -1;
  const first = input[0]!;
  if (first > 17) {
    ip = 1;
    const length = first - 17;
    if (ip + length > inEnd || length > outEnd) return -1;
    for (let i = 0; i < length; i++) output[op++] = input[ip++]!;
    state = Math.min(length, 4);
  }
  while (ip < inEnd) {
    const code = input[ip++]!;
    let length: number;
    let distance: number;
    let trailing: number;
    if (code >= 64) {
      if (ip >= inEnd) return -1;
      length = (code >> 5) + 1;
      distance = (input[ip++]! << 3) + ((code >> 2) & 7) + 1;
      trailing = code & 3;
    } else if (code >= 16) {
      const near = code >= 32;
      const field = code & (near ? 31 : 7);
      length = field === 0 ? more(near ? 31 : 7) : field;
      if (length < 0 || ip + 2 > inEnd) return -1;
      length += 2;
      const word = input[ip]! | (input[ip + 1]! << 8);
      ip += 2;
      trailing = word & 3;
      distance = (word >> 2) + (near ? 1 : 16384 + ((code & 8) << 11));
      if (!near && distance === 16384) return length === 3 && ip === inEnd ? op : -1;
    } else if (state === 0) {
      length = code === 0 ? more(15) : code;
      if (length < 0) return -1;
      length += 3;
      if (ip + length > inEnd || op + length > outEnd) return -1;
      for (let i = 0; i < length; i++) output[op++] = input[ip++]!;
      state = 4;
      continue;
    } else {
      if (ip >= inEnd) return -1;
      length = state === 4 ? 3 : 2;
      distance = (input[ip++]! << 2) + (code >> 2) + (state === 4 ? 2049 : 1);
      trailing = code & 3;
    }
    if (distance > op || op + length > outEnd) return -1;
    for (let from = op - distance, end = op + length; op < end; ) output[op++] = output[from++]!;
    if (ip + trailing > inEnd || op + trailing > outEnd) return -1;
    for (let i = 0; i < trailing; i++) output[op++] = input[ip++]!;
    state = trailing;
  }
  return -1;
}
