import type { Lane } from '../../decode/lanes.ts';
import { nameOf, nameTest } from './name-test.ts';
import type { NameTest } from './syntax.ts';

/** The codes of the names that a test asks for. Names are added while pages are read: those of slab caches. */
export class WantedCodes {
  readonly #holds: (name: string) => boolean;
  readonly #codes: number[] = [];
  #seen = 0;

  constructor(test: NameTest) {
    this.#holds = nameTest(test);
  }

  /** The codes, ascending. */
  of(lane: Lane): readonly number[] {
    const names = lane.kind === 'code' || lane.kind === 'field' ? lane.names! : [];
    const end = lane.kind === 'field' ? lane.mask + 1 : names.length;
    for (; this.#seen < end; this.#seen++) {
      if (this.#holds(nameOf(names, this.#seen))) this.#codes.push(this.#seen);
    }
    return this.#codes;
  }
}
