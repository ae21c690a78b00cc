/** Milliseconds since some moment, for telling how long something took. (The global `performance` costs a millisecond to load.) */
export function milliseconds(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
