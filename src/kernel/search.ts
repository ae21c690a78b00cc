import { milliseconds } from '../core/clock.ts';

/** One thing that was looked for while the kernel of an image was being found, and what came of it. */
export interface SearchStep {
  /** What was looked for, e.g. `VMCOREINFO`. */
  readonly what: string;
  /** What came of it, in words. */
  readonly outcome: string;
  /** Bytes of memory that a scan read for it, and how long that took; absent where nothing was scanned. */
  readonly scanned?: ScanCost;
}

/** What a scan cost. */
export interface ScanCost {
  readonly bytes: number;
  readonly seconds: number;
  readonly secondsPerGib: number;
}

/** Counts what one scan reads. Time between two runs of it is not its own. */
export class ScanMeter {
  bytes = 0;
  /** Nothing but zeros was met. */
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

  /** For a step; undefined if nothing was read. */
  cost(): ScanCost | undefined {
    const { bytes, seconds } = this;
    return bytes === 0 ? undefined : { bytes, seconds, secondsPerGib: (seconds * 2 ** 30) / bytes };
  }
}

/** What was done to find a kernel, in order. */
export class KernelSearch {
  readonly steps: SearchStep[] = [];

  add(what: string, outcome: string, meter?: ScanMeter): void {
    const scanned = meter?.cost();
    this.steps.push({ what, outcome, ...(scanned ? { scanned } : {}) });
  }
}
