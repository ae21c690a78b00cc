import { milliseconds } from '../core/clock.ts';

/** A step of the search for the kernel of an image. */
export interface SearchStep {
  /** What the step looked for, e.g. `VMCOREINFO`. */
  readonly what: string;
  /** Its result, in words. */
  readonly outcome: string;
  /** Number of bytes that a scan read, and its duration; absent if nothing was scanned. */
  readonly scanned?: ScanCost;
}

/** The cost of a scan. */
export interface ScanCost {
  readonly bytes: number;
  readonly seconds: number;
  readonly secondsPerGib: number;
}

/** Measures what one scan reads. Time between two runs of it does not count. */
export class ScanMeter {
  bytes = 0;
  /** Whether the scan has met only zeros. */
  blank = true;
  seconds = 0;

  run<T>(scan: () => T): T {
    const start = milliseconds();
    try {
      return scan();
    } finally {
      this.seconds += (milliseconds() - start) / 1000;
    }
  }

  /** The cost for a step; undefined if nothing was read. */
  cost(): ScanCost | undefined {
    const { bytes, seconds } = this;
    return bytes === 0 ? undefined : { bytes, seconds, secondsPerGib: (seconds * 2 ** 30) / bytes };
  }
}

/** The steps of the search, in order. */
export class KernelSearch {
  readonly steps: SearchStep[] = [];

  add(what: string, outcome: string, meter?: ScanMeter): void {
    const scanned = meter?.cost();
    this.steps.push({ what, outcome, ...(scanned ? { scanned } : {}) });
  }
}
