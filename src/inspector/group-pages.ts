import { UsageError } from '../core/errors.ts';
import { checkColumns } from '../decode/columns/registry.ts';
import { noCounts, type PageCounts } from '../scan/scan.ts';
import { cellTexts } from '../table/cells.ts';
import type { Column } from '../table/column.ts';
import type { Inspector, Selection } from './inspector.ts';

/** Pages with equal values in the columns by which they are grouped. */
export interface PageGroup {
  /** The text of each column; empty for an empty value. */
  readonly values: readonly string[];
  pages: number;
}

/** Maximum number of groups. */
const MOST_GROUPS = 1_000_000;

/**
 * Counts pages by their values in `names`, largest group first. Neighbouring pages are mostly alike, so the text of a group
 * is computed only where a value changes. Throws UsageError for an unknown column, and for too many groups.
 */
export function groupPages(
  inspector: Inspector,
  names: readonly string[],
  selection: Omit<Selection, 'columns'> = {},
  counts: PageCounts = noCounts(),
): PageGroup[] {
  const columns = checkColumns(names);
  const groups = new Map<string, PageGroup>();
  for (const { batch, rows } of inspector.selectSync({ ...selection, columns }, counts)) {
    const cells = cellTexts(batch, columns);
    const same = columns.map((name) => comparer(batch.columns.get(name)!));
    let last = -1;
    let group: PageGroup | undefined;
    for (const page of rows) {
      if (group && same.every((equal) => equal(last, page))) {
        group.pages++;
        continue;
      }
      const values = cells.map((cell) => cell(page));
      const key = values.join('\0');
      group = groups.get(key);
      if (!group) {
        if (groups.size >= MOST_GROUPS) {
          throw new UsageError(
            `more than ${MOST_GROUPS} groups by ${columns.join(', ')}; group by columns with fewer values`,
          );
        }
        group = { values, pages: 0 };
        groups.set(key, group);
      }
      group.pages++;
      last = page;
    }
  }
  return [...groups.values()].sort((a, b) => b.pages - a.pages || compare(a.values, b.values));
}

/** Whether two rows of a column hold the same value. */
function comparer(column: Column): (a: number, b: number) => boolean {
  switch (column.kind) {
    case 'number': {
      const { values, empty } = column;
      return (a, b) => values[a] === values[b] && empty?.[a] === empty?.[b];
    }
    case 'name': {
      const { codes } = column;
      return (a, b) => codes[a] === codes[b];
    }
    case 'word': {
      const { low, high, empty } = column;
      return (a, b) => low[a] === low[b] && high[a] === high[b] && empty?.[a] === empty?.[b];
    }
    case 'set': {
      const { low, high } = column;
      return (a, b) => low[a] === low[b] && high[a] === high[b];
    }
  }
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [i, text] of a.entries()) {
    const other = b[i] ?? '';
    if (text !== other) return text < other ? -1 : 1;
  }
  return 0;
}
