import { loadZstdEncoder } from '../../formats/compression/zstd.ts';
import type { Address, Loops } from '../../loops/loops.ts';
import type { Codec } from './format.ts';

/** The compressed form, in memory of its own, of bytes in the memory of the loops. */
export type Compress = (at: Address, length: number) => Uint8Array;

/** The level that costs least: what is left after the encodings gains little by more. */
const ZSTD_LEVEL = 1;
/** 2^14 numbers of 16 bits. */
const SNAPPY_TABLE = 32768;

/** Opens a codec, once a process where that takes a moment: its function is then made for each instance of the loops. */
export async function openCodec(codec: Codec): Promise<(loops: Loops) => Compress> {
  switch (codec) {
    case 'none':
      return (loops) => (at, length) => loops.bytes(at, length).slice();
    case 'snappy':
      return snappy;
    case 'zstd': {
      const zstd = await loadZstdEncoder(ZSTD_LEVEL);
      // what is shared with other threads is copied before it leaves the loops
      return (loops) => (at, length) => zstd(loops.bytes(at, length).slice());
    }
  }
}

function snappy(loops: Loops): Compress {
  const table = loops.allocate(SNAPPY_TABLE);
  let room = 0;
  let to: Address = 0;
  return (at, length) => {
    const most = 32 + length + Math.ceil(length / 6);
    if (most > room) {
      room = 2 * most;
      to = loops.allocate(room);
    }
    return loops.bytes(to, loops.run.snappy(at, length, table, to) - to).slice();
  };
}
