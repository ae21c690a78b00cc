import type { Kinship, Measure, Part, Relation, Suspect } from '../../index.ts';
import {
  count,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  record,
  type Shape,
  text,
  truth,
} from './shape.ts';

interface FlowData {
  readonly from: string | null;
  readonly to: string | null;
  readonly pages: number;
}

type SuspectData = Omit<Suspect, 'kind' | 'owner'> & {
  readonly kind: string | null;
  readonly owner: string | null;
};

/** structpage diff --json */
export interface DiffData {
  readonly dumps: readonly { readonly name: string; readonly pageSize: number | null }[];
  readonly measure: Measure;
  readonly relation: Relation;
  readonly comparedByPage: boolean;
  readonly uses: readonly Part[];
  readonly flows: readonly FlowData[];
  readonly growth: Readonly<Record<string, readonly Part[]>>;
  readonly suspects: readonly SuspectData[];
}

const pages: Shape<readonly number[]> = list(count(), 'Pages in each dump, in order');
const parts: Shape<readonly Part[]> = list(object<Part>({ name: text(), pages }));

export const diff: Shape<DiffData> = object<DiffData>({
  dumps: list(object({ name: text(), pageSize: nullable(count('Bytes')) })),
  measure: oneOf(['class', 'type']),
  relation: object<Relation>({ kinship: text() as Shape<Kinship>, evidence: text() }),
  comparedByPage: truth('Whether pages were compared one by one, which needs dumps of one boot'),
  uses: parts,
  flows: list(
    object<FlowData>({
      from: nullable(text('Use in the first dump; null if it has no readable struct page')),
      to: nullable(text('Use in the last dump; null if it has no readable struct page')),
      pages: count(),
    }),
  ),
  growth: record(parts, 'What changed in size, by the values of a column'),
  suspects: list(
    object<SuspectData>({
      use: text(),
      kind: nullable(text('The column that names the owner')),
      owner: nullable(text()),
      pages,
      lost: count('Pages that it had in one dump and not in the next'),
      through: count('Pages that it had in all dumps'),
      growth: integer('Pages in the last dump less those in the first'),
      kept: number('The part of its pages that it still had in the next dump, from 0 to 1'),
      isMonotonic: truth('Whether it never shrank'),
      isCache: truth('Whether the kernel can drop its pages'),
    }),
    'Owners whose pages may be leaked, most suspicious first',
  ),
});
