import { readOr, UsageError } from '../core/errors.ts';
import { intersect, lengthOf } from '../core/ranges.ts';
import { relate } from '../diff/identity.ts';
import { identityOf } from '../diff/identity-of-dump.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { PageCounts } from '../scan/scan.ts';
import type { OwnColumn } from './lanes.ts';
import { positionsOf } from './places.ts';
import { type MapSink, NO_PAGE, placesOf, readMap, UNREADABLE } from './read-map.ts';
import type { MapValue } from './values/map-value.ts';

/** The column with the value in the other dump. */
const OTHER = 'other';
const SAME = 'same';
/** Label numbers are kept in 16 bits. */
const MOST_LABELS = 65_535;

/** A value that shows where the pages of two dumps differ in another one. */
export interface Difference {
  readonly value: MapValue;
  readonly own: readonly OwnColumn[];
  /** Doubts about the comparison, one sentence each. */
  readonly notes: readonly string[];
}

/** Reads `value` of the other dump, to compare it with this one, and adds its pages to `counts` by state. Throws UsageError if they are not dumps of one machine. */
export async function differenceFrom(
  value: MapValue,
  own: readonly OwnColumn[],
  inspector: Inspector,
  other: Inspector,
  trouble: (sentence: string) => void,
  counts: PageCounts,
): Promise<Difference> {
  const notes = [...checkMachines(inspector, other), ...onlyInOther(inspector, other)];
  const stretches = placesOf(other);
  const numbers = new Uint16Array(positionsOf(stretches));
  const sink: MapSink = { run: (at, length, { label }) => numbers.fill(label, at, at + length) };
  const job = { value, columns: [], own: value.open?.(other, trouble) ?? [] };
  const data = await readMap(other, job, sink, counts);
  if (data.labels.length > MOST_LABELS) {
    throw new UsageError(
      `the other dump has ${data.labels.length} values, more than ${MOST_LABELS}: compare by something else`,
    );
  }
  const column: OwnColumn = {
    name: OTHER,
    names: data.labels,
    fill(start, codes) {
      codes.fill(NO_PAGE);
      for (const { start: first, end, at } of stretches) {
        const from = Math.max(first, start);
        const to = Math.min(end, start + codes.length);
        for (let pfn = from; pfn < to; pfn++) codes[pfn - start] = numbers[at + pfn - first]!;
      }
    },
  };
  return {
    own: [...own, column],
    notes,
    value: {
      name: `difference in ${value.name}`,
      help: value.help,
      columns: value.columns,
      label(page) {
        const [here, there] = [value.label(page), page.text(OTHER)];
        if (there.startsWith(UNREADABLE)) return `${UNREADABLE}the other dump`;
        return here === there ? SAME : `${here} → ${there}`;
      },
    },
  };
}

/** What a map of the one dump cannot show. */
function onlyInOther(one: Inspector, other: Inspector): string[] {
  const theirs = other.ranges(undefined);
  const only = lengthOf(theirs) - lengthOf(intersect(theirs, one.ranges(undefined)));
  return only === 0
    ? []
    : [`${only} page frames have a struct page in the other dump alone, and are not shown.`];
}

/** What can be said against a comparison. Throws UsageError if the kernels differ. */
function checkMachines(one: Inspector, other: Inspector): string[] {
  if (one.kernel.release !== other.kernel.release) {
    throw new UsageError(
      `the dumps are not of one machine: their kernels are ${one.kernel.release} and ${other.kernel.release}`,
    );
  }
  const relation = readOr(undefined, () =>
    relate(
      { name: 'the dump', identity: identityOf(one) },
      { name: 'the other dump', identity: identityOf(other) },
    ),
  );
  const evidence = relation?.evidence ?? 'what tells boots apart cannot be read';
  if (relation?.kinship === 'other machine') {
    throw new UsageError(`the dumps are not of one machine: ${evidence}`);
  }
  if (relation?.kinship === 'same boot') return [];
  const what = relation?.kinship === 'other boot' ? 'are of different boots' : 'may be of different boots';
  return [`The dumps ${what} (${evidence}), so a page with the same value need not be the same memory.`];
}
