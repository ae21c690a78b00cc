/** Counts by small whole numbers, with room for as many as come. */
export class Tally {
  #counts: Float64Array = new Float64Array(256);

  /** Makes room for the codes below `codes`. Call it before the loop that counts. */
  room(codes: number): Float64Array {
    if (codes > this.#counts.length) {
      const more = new Float64Array(2 ** Math.ceil(Math.log2(codes)));
      more.set(this.#counts);
      this.#counts = more;
    }
    return this.#counts;
  }

  /** The count of a code. */
  of(code: number): number {
    return this.#counts[code] ?? 0;
  }
}
