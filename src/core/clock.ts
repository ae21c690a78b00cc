/** Milliseconds since an arbitrary moment, to measure durations. (The global `performance` takes a millisecond to load.) */
export function milliseconds(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
