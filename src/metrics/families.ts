import type { Sample, TopOwner } from '../top/sample.ts';
import type { MetricFamily, Point } from './openmetrics.ts';

/** What metrics are made of. */
export interface Measured {
  readonly sample: Sample;
  /** Pages by owner, for each kind of owner that was asked for. */
  readonly owners: ReadonlyMap<TopOwner, ReadonlyMap<string, number>>;
}

/** Facts that do not change while the memory is watched. */
export interface MeasuredFacts {
  readonly version: string;
  readonly release: string;
  readonly architecture: string;
  readonly pageBytes: number;
  /** Maximum number of owners of each kind; the others are added up. */
  readonly most: number;
}

/** The label of all owners beyond the largest. */
const OTHER = 'other';
/** Longest label; names of files may be thousands of characters long. */
const LONGEST = 200;
const PROCESS_ID = /\[\d+\]$/;

/** Metrics of a sample. Sizes are in bytes, since these are the base unit. */
export function familiesOf({ sample, owners }: Measured, facts: MeasuredFacts): MetricFamily[] {
  const { pageBytes, most, version, release, architecture } = facts;
  const { zones, uses, by } = sample;
  const bytes = (pages: number): number => pages * pageBytes;
  const sizes = (name: string, help: string, points: readonly Point[]): MetricFamily => ({
    name,
    type: 'gauge',
    unit: 'bytes',
    help,
    points,
  });
  const plain = (name: string, help: string, value: number, unit?: string): MetricFamily => ({
    name,
    type: 'gauge',
    ...(unit === undefined ? {} : { unit }),
    help,
    points: [{ labels: {}, value }],
  });
  return [
    {
      name: 'structpage_kernel',
      type: 'info',
      help: 'The kernel whose memory is measured, and the version of structpage.',
      points: [{ labels: { version, release, architecture, page_size: `${pageBytes}` }, value: 1 }],
    },
    sizes(
      'structpage_use_bytes',
      `Memory by the ${by} of its pages.`,
      limited(uses, Number.POSITIVE_INFINITY).map(([name, pages]) => ({
        labels: { by, use: name },
        value: bytes(pages),
      })),
    ),
    sizes(
      'structpage_zone_bytes',
      'Memory of the struct pages of each zone.',
      zones.map(({ node, zone, pages }) => ({ labels: { node: `${node}`, zone }, value: bytes(pages) })),
    ),
    sizes(
      'structpage_zone_free_bytes',
      'Free memory of each zone in its free lists.',
      zones.map(({ node, zone, freePages }) => ({
        labels: { node: `${node}`, zone },
        value: bytes(freePages),
      })),
    ),
    {
      name: 'structpage_free_blocks',
      type: 'gauge',
      help: 'Free blocks of 2^order pages in each zone.',
      points: zones.flatMap(({ node, zone, freeBlocks }) =>
        freeBlocks.map((value, order) => ({
          labels: { node: `${node}`, zone, order: `${order}` },
          value: Math.round(value),
        })),
      ),
    },
    sizes(
      'structpage_owner_bytes',
      `Memory of the ${most} largest owners of each kind, and of all others together.`,
      [...owners].flatMap(([kind, pages]) =>
        limited(kind === 'process' ? byName(pages) : pages, most).map(([owner, n]) => ({
          labels: { kind, owner },
          value: bytes(n),
        })),
      ),
    ),
    plain('structpage_unreadable_pages', 'Struct pages that could not be read.', sample.unread),
    plain('structpage_incomplete_walks', 'Walks over kernel objects that ended early.', sample.gaps.length),
    plain('structpage_sample_seconds', 'Time that the sample took.', sample.cost / 1000, 'seconds'),
    plain(
      'structpage_sample_timestamp_seconds',
      'When the sample was taken, in seconds since 1970.',
      sample.time.getTime() / 1000,
      'seconds',
    ),
  ];
}

/** Processes of one name together: their ids would be new labels again and again. */
function byName(pages: ReadonlyMap<string, number>): Map<string, number> {
  return summed([...pages].map(([name, n]) => [name.replace(PROCESS_ID, ''), n]));
}

/** The largest entries, and the sum of the others. Every label occurs once. */
function limited(pages: ReadonlyMap<string, number>, most: number): [string, number][] {
  const short = summed([...pages].map(([name, n]) => [shortened(name), n]));
  const sorted = [...short].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  // a name like the label of the others is one of them
  const shown =
    most === Number.POSITIVE_INFINITY ? sorted : sorted.filter(([name]) => name !== OTHER).slice(0, most);
  if (most === Number.POSITIVE_INFINITY) return shown;
  const sum = (entries: readonly (readonly [string, number])[]): number =>
    entries.reduce((all, [, n]) => all + n, 0);
  return [...shown, [OTHER, sum(sorted) - sum(shown)]];
}

function summed(entries: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, n] of entries) sums.set(name, (sums.get(name) ?? 0) + n);
  return sums;
}

function shortened(name: string): string {
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 1)}\u2026`;
}
