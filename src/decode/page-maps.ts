import type { References } from '../classify/references.ts';

/** What was found out about pages before they are decoded, by their pfn. Plain data, shared by threads. */
export interface PageMaps {
  /** The class of each pfn: an index into PAGE_CLASSES. */
  readonly classes: Uint8Array;
  readonly references?: References;
}
