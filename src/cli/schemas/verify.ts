import { count, either, hexadecimal, list, object, optional, type Shape, text } from './shape.ts';

/** Pages that differ in the same bits. */
export interface DifferingData {
  readonly bits: string;
  readonly pages: number;
  readonly examples: readonly { readonly pfn: number; readonly ours: string; readonly theirs: string }[];
}

/** structpage verify --json, with copies of the kernel's files. */
export interface RecordedData {
  readonly pages: number;
  readonly beyond: number;
  readonly flagsEqual?: number;
  readonly countsEqual?: number;
  readonly different: readonly DifferingData[];
}

/** structpage verify --json, on the running machine. */
export interface LiveData {
  readonly pages: number;
  readonly equal: number;
  readonly raced: number;
  readonly changing: number;
  readonly different: number;
  readonly raceGroups: readonly DifferingData[];
  readonly changingGroups: readonly DifferingData[];
  readonly differentGroups: readonly DifferingData[];
}

const groups: Shape<readonly DifferingData[]> = list(
  object<DifferingData>({
    bits: text('+name: only structpage sets the bit, -name: only the kernel does; count: the counts differ'),
    pages: count(),
    examples: list(object({ pfn: count(), ours: hexadecimal(), theirs: hexadecimal() })),
  }),
);

export const verify: Shape<RecordedData | LiveData> = either<RecordedData | LiveData>(
  object<RecordedData>({
    pages: count('Pages compared'),
    beyond: count('Pages beyond the end of the copies'),
    flagsEqual: optional(count()),
    countsEqual: optional(count()),
    different: groups,
  }),
  object<LiveData>({
    pages: count('Pages compared'),
    equal: count(),
    raced: count('Pages that changed between two readings'),
    changing: count('Pages that changed at each reading'),
    different: count('Pages that differ at each reading'),
    raceGroups: groups,
    changingGroups: groups,
    differentGroups: groups,
  }),
);
