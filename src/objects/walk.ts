import { hex, type VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';

/** Maximum number of elements; no container of a kernel has as many. */
export const MOST_ELEMENTS: number = 2 ** 26;

/** A damaged container: it loops, leaves memory, or its parts contradict each other. */
export class ChainError extends StructPageError {
  readonly code = 'fault';
  override readonly name = 'ChainError';
  /** The container, e.g. `list at 0xffff888100000000`. */
  readonly container: string;
  /** The element at which the walk ended. */
  readonly address: VirtAddr;
  /** Number of elements before the end. */
  readonly met: number;

  constructor(container: string, address: VirtAddr, met: number, why: string) {
    super(`${container}: the walk ends after ${met} elements at ${hex(address)}: ${why}`);
    this.container = container;
    this.address = address;
    this.met = met;
  }
}

/**
 * Detects a loop without remembering all elements (R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980):
 * it remembers one element, and replaces it each time the number of steps has doubled.
 */
export class LoopGuard {
  readonly #container: string;
  #mark: VirtAddr = -1n;
  #limit = 1;
  #steps = 0;
  /** Number of elements met. */
  met = 0;

  constructor(container: string) {
    this.#container = container;
  }

  /** Throws ChainError if the chain has been at `address` before. */
  step(address: VirtAddr): void {
    if (address === this.#mark) throw new ChainError(this.#container, address, this.met, 'it loops');
    if (this.met >= MOST_ELEMENTS) throw new ChainError(this.#container, address, this.met, 'it has no end');
    this.met++;
    if (++this.#steps < this.#limit) return;
    this.#mark = address;
    this.#steps = 0;
    this.#limit *= 2;
  }
}
