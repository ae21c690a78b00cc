import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import type { Objects } from '../objects/objects.ts';
import { buddyinfoText } from './buddyinfo.ts';
import { meminfoText } from './meminfo.ts';
import { pagetypeinfoText } from './pagetypeinfo.ts';
import { slabinfoText } from './slabinfo.ts';
import { vmstatText } from './vmstat.ts';
import { zoneinfoText } from './zoneinfo.ts';

/** What a file in /proc is computed from. */
export interface ProcSource {
  readonly objects: Objects;
  readonly model: MemoryModel;
  readonly layout: PageLayout;
  readonly reader: PageReader;
}

/** A file in /proc as the kernel of this memory would print it. */
export interface ProcFile {
  readonly name: string;
  /** One line for the user, without a full stop. */
  readonly help: string;
  /** Throws the errors of reading. If only some lines are unavailable, they are left out, and `trouble` is called. */
  text(source: ProcSource, trouble: (sentence: string) => void): string;
}

/** Files about memory, in the kernel's own formats. */
export const PROC_FILES: readonly ProcFile[] = [
  {
    name: 'meminfo',
    help: 'memory in use, in KiB',
    text: ({ objects }, trouble) => meminfoText(objects, trouble),
  },
  { name: 'vmstat', help: 'counters of memory management', text: ({ objects }) => vmstatText(objects) },
  {
    name: 'zoneinfo',
    help: 'counters and watermarks of each zone',
    text: ({ objects }) => zoneinfoText(objects),
  },
  { name: 'buddyinfo', help: 'free blocks of each order', text: ({ objects }) => buddyinfoText(objects) },
  {
    name: 'pagetypeinfo',
    help: 'free blocks and pageblocks of each migratetype',
    text: (source) => pagetypeinfoText(source.objects, source),
  },
  {
    name: 'slabinfo',
    help: 'slab caches',
    text: (source) => slabinfoText(source.objects, source),
  },
];
