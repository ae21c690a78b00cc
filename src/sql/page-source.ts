import { columnSpec } from '../decode/columns/registry.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { PageCounts } from '../scan/scan.ts';
import type { SqlColumn, SqlTable } from './source.ts';

/** Enumerated types must know numbers that a kernel has no zone for; a field is at most so wide. */
const MOST_NUMBERED = 6;

/** The pages of a dump, decoded column by column as DuckDB asks for them, and the flags that the kernel has. */
export function pageSource(
  inspector: Inspector,
  counts: PageCounts,
): SqlTable & { readonly flags: readonly string[] } {
  const { decoder } = inspector.scan({ columns: ['pfn'] });
  const columns = inspector.columns.map((name): SqlColumn => {
    const { names, unnamedByNumber, ...spec } = columnSpec(name)!;
    if (spec.kind !== 'name' || !names) return spec;
    const { width } = inspector.layout.fields.zone;
    const known = names(decoder).filter((text) => text !== '');
    const numbered = unnamedByNumber && width <= MOST_NUMBERED ? 2 ** width : 0;
    for (let code = known.length; code < numbered; code++) known.push(`?${code}`);
    return { ...spec, names: [...new Set(known)] };
  });
  return {
    name: 'pages',
    columns,
    flags: decoder.pages.flags.names.filter((flag) => flag !== ''),
    rowCount: inspector.presentPages,
    *rows(wanted) {
      // rows are counted by what is cheapest
      const names = wanted.length > 0 ? wanted : ['pfn'];
      for (const { batch, rows } of inspector.selectSync({ columns: names }, counts)) {
        yield { count: rows.length, rows, column: (name) => batch.columns.get(name as 'pfn') };
      }
    },
  };
}
