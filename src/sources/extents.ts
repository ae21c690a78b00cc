/**
 * The places of the bytes of a rearranged file: extents [start, start + length) of it that are at `place` in another. Kept
 * in typed arrays, since a large file has tens of millions.
 */
export interface Extents {
  readonly count: number;
  readonly starts: Float64Array;
  readonly lengths: Float64Array;
  readonly places: Float64Array;
}

/** Collects extents. */
export class ExtentBuilder {
  #starts = new Float64Array(1024);
  #lengths = new Float64Array(1024);
  #places = new Float64Array(1024);
  #count = 0;
  #sorted = true;

  add(start: number, length: number, place: number): void {
    const last = this.#count - 1;
    if (last >= 0 && start < this.#starts[last]! + this.#lengths[last]!) this.#sorted = false;
    if (this.#count === this.#starts.length) this.#grow();
    this.#starts[this.#count] = start;
    this.#lengths[this.#count] = length;
    this.#places[this.#count++] = place;
  }

  get count(): number {
    return this.#count;
  }

  /** Sorts the extents and makes them disjoint; where they overlap, the one added last wins. */
  finish(): Extents {
    const all: Extents = {
      count: this.#count,
      starts: this.#starts,
      lengths: this.#lengths,
      places: this.#places,
    };
    return this.#sorted ? all : disjoint(all);
  }

  #grow(): void {
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    this.#starts = larger(this.#starts);
    this.#lengths = larger(this.#lengths);
    this.#places = larger(this.#places);
  }
}

function disjoint({ count, starts, lengths, places }: Extents): Extents {
  const out = new ExtentBuilder();
  const ends = lengths.map((length, i) => starts[i]! + length);
  sweep(count, starts, ends, (start, end, winner) => {
    out.add(start, end - start, places[winner]! + (start - starts[winner]!));
  });
  return out.finish();
}

/**
 * Cuts overlapping extents into disjoint ones and passes them to `emit` in order; where several cover a place, the one with
 * the highest index wins. A heap of open extents keeps this fast for any input.
 */
export function sweep(
  count: number,
  starts: Float64Array,
  ends: Float64Array,
  emit: (start: number, end: number, winner: number) => void,
): void {
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => starts[a]! - starts[b]! || a - b,
  );
  const heap: number[] = [];
  let at = 0;
  let from = 0;
  let winner = -1;
  const flush = (): void => {
    if (winner >= 0 && at > from) emit(from, at, winner);
  };
  const advance = (limit: number): void => {
    while (heap.length > 0 && at < limit) {
      const top = heap[0]!;
      if (ends[top]! <= at) {
        popHeap(heap);
        continue;
      }
      if (top !== winner) {
        flush();
        winner = top;
        from = at;
      }
      at = Math.min(ends[top]!, limit);
    }
  };
  for (const index of order) {
    const start = starts[index]!;
    advance(start);
    if (at < start) {
      flush();
      winner = -1;
      at = start;
    }
    pushHeap(heap, index);
  }
  advance(Infinity);
  flush();
}

function pushHeap(heap: number[], value: number): void {
  let i = heap.length;
  heap.push(value);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent]! >= value) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = value;
}

function popHeap(heap: number[]): void {
  const value = heap.pop()!;
  if (heap.length === 0) return;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! > heap[child]!) child++;
    if (heap[child]! <= value) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = value;
}

/** Index of the last extent that starts at or before `at`; -1 if there is none. */
export function locateExtent({ count, starts }: Extents, at: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
