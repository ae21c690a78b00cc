import type { TopOwner, TopUse } from '../../index.ts';
import { count, list, nullable, number, object, oneOf, record, type Shape, text } from './shape.ts';

interface PagesData {
  readonly pages: number;
  /** Null in the first sample. */
  readonly rate: number | null;
}

interface ZoneData {
  readonly node: number;
  readonly zone: string;
  readonly pages: number;
  readonly freePages: number;
  readonly freeBlocks: readonly number[];
}

/** structpage top --json: a line for each sample. */
export interface TopData {
  readonly time: string;
  readonly pageSize: number;
  readonly pages: number;
  readonly by: TopUse;
  readonly uses: Readonly<Record<string, PagesData>>;
  readonly zones: readonly ZoneData[];
  readonly owner: TopOwner;
  readonly owners: Readonly<Record<string, PagesData>>;
  readonly unreadable: number;
  readonly gaps: readonly string[];
  readonly milliseconds: number;
}

const counted: Shape<Readonly<Record<string, PagesData>>> = record(
  object<PagesData>({
    pages: count(),
    rate: nullable(number('Pages a second since the sample before')),
  }),
);

export const top: Shape<TopData> = object<TopData>({
  time: text('When it was taken, in UTC'),
  pageSize: count('Size of a page in bytes'),
  pages: count(),
  by: oneOf(['class', 'type']),
  uses: counted,
  zones: list(
    object<ZoneData>({
      node: count(),
      zone: text(),
      pages: count(),
      freePages: count(),
      freeBlocks: list(count(), 'Free blocks of each order'),
    }),
  ),
  owner: oneOf(['slab_cache', 'process', 'file', 'memcg', 'call_site'], 'The column that names owners'),
  owners: counted,
  unreadable: count('Struct pages that could not be read'),
  gaps: list(text(), 'Walks over kernel objects that ended early, and why'),
  milliseconds: number('Time that the sample took'),
});

/** A metric with the values of its labels. */
interface PointData {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface FamilyData {
  readonly name: string;
  readonly type: 'gauge' | 'info';
  readonly help: string;
  readonly points: readonly PointData[];
}

/** structpage watch --json: a line for each sample. */
export type WatchData = readonly FamilyData[];

export const watch: Shape<WatchData> = list(
  object<FamilyData>({
    name: text('Name of the metric'),
    type: oneOf(['gauge', 'info']),
    help: text(),
    points: list(object<PointData>({ labels: record(text()), value: number() })),
  }),
);
