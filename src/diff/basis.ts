import { UsageError } from '../core/errors.ts';
import { Hands, MEASURE_COLUMNS } from './hands.ts';
import { type Kinship, type Relation, relate } from './identity.ts';
import { type Measure, OWNER_COLUMNS, type OwnerColumn, type Stop } from './stop.ts';
import { CommonNames } from './windows.ts';

const DISTANCE: readonly Kinship[] = ['same boot', 'unknown', 'other boot', 'other machine'];

/** The most distant relation between neighbours, which are in the order of time. */
export function relationOf(stops: readonly Stop[]): Relation {
  const relations = stops.slice(1).map((stop, i) => relate(stops[i]!, stop));
  relations.sort((a, b) => DISTANCE.indexOf(b.kinship) - DISTANCE.indexOf(a.kinship));
  const [furthest] = relations;
  if (!furthest) throw new UsageError('a comparison needs two dumps or more');
  return furthest;
}

/** The first two neighbours of which the second is older than the first. */
export function disorderOf(stops: readonly Stop[]): readonly [Stop, Stop] | undefined {
  for (const [i, stop] of stops.entries()) {
    const before = stops[i - 1];
    const [then, now] = [before?.identity.ticks, stop.identity.ticks];
    if (before && then !== undefined && now !== undefined && now < then) return [before, stop];
  }
  return undefined;
}

/** Whether stops of this relation are compared page by page. */
export function isByPage({ kinship }: Relation): boolean {
  return kinship === 'same boot' || kinship === 'unknown';
}

/** What tells pages apart in all of the stops. */
export interface Basis {
  readonly measure: Measure;
  readonly withoutClasses: string | undefined;
  readonly owners: readonly OwnerColumn[];
  readonly lacking: readonly OwnerColumn[];
  readonly names: ReadonlyMap<string, CommonNames>;
  readonly hands: Hands;
}

/** Finds what all stops have. Throws UsageError if they lack what a comparison needs. */
export function basisOf(stops: readonly Stop[], wanted?: Measure): Basis {
  const lacks = stops.find((s) => s.withoutClasses !== undefined);
  const withoutClasses = lacks && `${lacks.name}: ${lacks.withoutClasses}`;
  if (wanted === 'class' && withoutClasses !== undefined) {
    throw new UsageError(`pages cannot be compared by class. ${withoutClasses}`);
  }
  const measure = wanted ?? (lacks ? 'type' : 'class');
  const [first] = MEASURE_COLUMNS[measure];
  for (const stop of stops) {
    if (!stop.columns.includes(first)) {
      throw new UsageError(
        `${stop.name} has no column '${first}': export it with --columns +class,subclass, or compare dumps`,
      );
    }
  }
  const owners = OWNER_COLUMNS.filter((name) => stops.every((s) => s.columns.includes(name)));
  const lacking = OWNER_COLUMNS.filter((name) => !owners.includes(name));
  const names = new Map([...MEASURE_COLUMNS[measure], ...owners].map((name) => [name, new CommonNames()]));
  return {
    measure,
    withoutClasses: wanted === undefined ? withoutClasses : undefined,
    owners,
    lacking,
    names,
    hands: new Hands(measure, names),
  };
}
