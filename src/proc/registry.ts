import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import type { Objects } from '../objects/objects.ts';
import { buddyinfoText } from './buddyinfo.ts';
import { meminfoText } from './meminfo.ts';
import { pagetypeinfoText } from './pagetypeinfo.ts';
import {
  type BuddyInfoData,
  type PageTypeInfoData,
  parseBuddyInfo,
  parseCounters,
  parsePageTypeInfo,
  parseSlabInfo,
  parseZoneInfo,
  type ZoneInfoData,
} from './parse.ts';
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

/** The contents of one of these files. */
export type ProcData =
  | Readonly<Record<string, number>>
  | readonly Readonly<Record<string, string | number>>[]
  | readonly BuddyInfoData[]
  | PageTypeInfoData
  | readonly ZoneInfoData[];

/** A file in /proc as the kernel of this memory would print it. */
export interface ProcFile {
  readonly name: string;
  /** One line for the user, without a full stop. */
  readonly help: string;
  /** Throws the errors of reading. If only some lines are unavailable, they are left out, and `trouble` is called. */
  text(source: ProcSource, trouble: (sentence: string) => void): string;
  /** What the text says, as data. */
  data(text: string): ProcData;
}

/** Files about memory, in the kernel's own formats. */
export const PROC_FILES: readonly ProcFile[] = [
  {
    name: 'meminfo',
    help: 'memory in use, in KiB',
    text: ({ objects }, trouble) => meminfoText(objects, trouble),
    data: (text) => parseCounters(text),
  },
  {
    name: 'vmstat',
    help: 'counters of memory management',
    text: ({ objects }) => vmstatText(objects),
    data: (text) => parseCounters(text),
  },
  {
    name: 'zoneinfo',
    help: 'counters and watermarks of each zone',
    text: ({ objects }) => zoneinfoText(objects),
    data: (text) => parseZoneInfo(text),
  },
  {
    name: 'buddyinfo',
    help: 'free blocks of each order',
    text: ({ objects }) => buddyinfoText(objects),
    data: (text) => parseBuddyInfo(text),
  },
  {
    name: 'pagetypeinfo',
    help: 'free blocks and pageblocks of each migratetype',
    text: (source) => pagetypeinfoText(source.objects, source),
    data: (text) => parsePageTypeInfo(text),
  },
  {
    name: 'slabinfo',
    help: 'slab caches',
    text: (source) => slabinfoText(source.objects, source),
    data: (text) => parseSlabInfo(text),
  },
];
