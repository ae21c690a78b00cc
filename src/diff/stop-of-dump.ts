import type { Inspector } from '../inspector/inspector.ts';
import { lacksObjects } from '../inspector/lacks-objects.ts';
import type { PageCounts } from '../scan/scan.ts';
import { identityOf } from './identity-of-dump.ts';
import { OWNER_COLUMNS, type Stop } from './stop.ts';

/** Columns that dumps without the kernel's objects have no values for. */
const OF_OBJECTS: readonly string[] = ['class', 'subclass', 'call_site', 'file', 'process', 'memcg'];

/** An open dump as a stop. `counts` receives the number of struct pages in each state. */
export function stopOfDump(name: string, inspector: Inspector, counts: PageCounts): Stop {
  const withoutClasses = lacksObjects(inspector);
  const columns = ['class', 'subclass', 'type', 'mapping_kind', ...OWNER_COLUMNS].filter(
    (column) =>
      inspector.columns.some((c) => c === column) &&
      (withoutClasses === undefined || !OF_OBJECTS.includes(column)),
  );
  return {
    name,
    identity: identityOf(inspector),
    pageBytes: inspector.kernel.pageBytes,
    columns,
    withoutClasses,
    rows: (wanted) => inspector.select({ columns: ['pfn', ...wanted] }, counts),
  };
}
