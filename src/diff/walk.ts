import type { Basis } from './basis.ts';
import type { Held } from './hands.ts';
import type { Stop } from './stop.ts';
import { WINDOW, WindowReader } from './windows.ts';

/** What all stops hold in one window of page frames. The arrays are valid until the next window. */
export interface Step {
  /** The first pfn of the window. */
  readonly start: number;
  readonly held: readonly Held[];
  readonly codes: readonly ReadonlyMap<string, Uint32Array>[];
}

/** Walks all stops in step, window by window in ascending order of pfn. */
export async function* walkStops(stops: readonly Stop[], { names, hands }: Basis): AsyncGenerator<Step> {
  const readers = stops.map((stop) => new WindowReader(stop, names));
  const held = stops.map(() => ({ uses: new Uint16Array(WINDOW), hands: new Uint32Array(WINDOW) }));
  try {
    for (;;) {
      let lowest = Number.POSITIVE_INFINITY;
      for (const reader of readers) lowest = Math.min(lowest, (await reader.next()) ?? lowest);
      if (lowest === Number.POSITIVE_INFINITY) return;
      const start = lowest - (lowest % WINDOW);
      const codes: ReadonlyMap<string, Uint32Array>[] = [];
      for (const [i, reader] of readers.entries()) {
        const window = await reader.read(start);
        hands.fill(window, held[i]!);
        codes.push(window.codes);
      }
      yield { start, held, codes };
    }
  } finally {
    for (const reader of readers) await reader.close();
  }
}
