import { kpageFacts } from '../../src/decode/kpage-facts.ts';
import { bytesSource, type Inspector, openMemory, StructPageError } from '../../src/index.ts';
import { noCounts } from '../../src/scan/scan.ts';

/** What comes of a damaged image. */
export type Outcome = 'same rows' | 'refused' | 'counted' | 'warned' | 'silently different';

/** Opens a file in memory as a user would, but for the cache. */
export function open(file: Uint8Array): Promise<Inspector> {
  return openMemory(bytesSource(file, 'capture'));
}

/** All that rows depend on besides the struct pages themselves, as text. */
export function premises(inspector: Inspector): string {
  const { layout, model, kernel, types, reader } = inspector;
  const { sections: _, ...plain } = model;
  const all = {
    layout: {
      ...layout,
      origin: '',
      members: [...layout.members],
      flags: [...layout.flags.bits, ...layout.flags.names],
    },
    plain: { ...plain, from: '' },
    distrusted: model.sections.distrusted ?? [],
    base: String(model.base),
    cacheName: types.place('kmem_cache', 'name')?.offset,
    places: reader.survey().places,
    kpage: inspector.columns.includes('kpageflags')
      ? kpageFacts(kernel, types, layout, model, false)
      : 'none',
  };
  return JSON.stringify(all, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
}

const SEEN =
  'pfn page flags_raw flags refcount mapcount_raw mapcount head order free_order type mapping mapping_kind index private memcg_data zone node last_cpupid slab_cache kpageflags kpagecount'.split(
    ' ',
  );

/** A digest of every row that can be had: one number for each pfn, 0 where there is no row. */
export function rowsOf(inspector: Inspector): Map<number, string> {
  const columns = SEEN.filter((name) => inspector.columns.includes(name as never));
  const rows = new Map<number, string>();
  for (const { batch, rows: picked } of inspector.selectSync({ columns })) {
    const texts = columns.map((name) => batch.columns.get(name as never)!);
    for (const row of picked) {
      rows.set(batch.start + row, texts.map((column) => `${name(column, row)}`).join());
    }
  }
  return rows;
}

function name(column: unknown, row: number): unknown {
  const c = column as Record<string, never> & {
    values?: ArrayLike<unknown>;
    low?: Uint32Array;
    high?: Uint32Array;
    codes?: ArrayLike<number>;
    names?: readonly string[];
  };
  if (c.codes && c.names) return c.names[c.codes[row]!];
  if (c.low && c.high) {
    const names = c.names ? setNames(c.low[row]!, c.high[row]!, c.names) : '';
    return `${c.high[row]}:${c.low[row]}${names}`;
  }
  return c.values?.[row];
}

function setNames(low: number, high: number, names: readonly string[]): string {
  return names.filter((_n, bit) => ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 1).join('|');
}

/** What the undamaged image says. */
export interface Honest {
  readonly premises: string;
  readonly rows: ReadonlyMap<number, string>;
  readonly warnings: number;
}

/** Opens a damaged file and says what comes of it. */
export async function outcomeOf(file: Uint8Array, honest: Honest): Promise<Outcome> {
  let inspector: Inspector;
  try {
    inspector = await open(file);
  } catch (error) {
    if (error instanceof StructPageError) return 'refused';
    throw error;
  }
  try {
    const isLost = inspector.model.sections.lost.length > 0;
    if (!isLost && premises(inspector) === honest.premises) return 'same rows';
    if (isLost) return 'counted';
    const counts = noCounts();
    const scan = inspector.scan({ columns: ['pfn'] }, counts);
    for (const _ of scan.run(inspector.ranges(undefined))) {
      // counting is the test
    }
    if (Object.entries(counts).some(([state, n]) => state !== 'ok' && state !== 'absent' && n > 0))
      return 'counted';
    if (inspector.warnings.length > honest.warnings) return 'warned';
    const rows = rowsOf(inspector);
    const same =
      rows.size === honest.rows.size && [...rows].every(([pfn, row]) => honest.rows.get(pfn) === row);
    return same ? 'same rows' : 'silently different';
  } catch (error) {
    if (error instanceof StructPageError) return 'refused';
    throw error;
  } finally {
    inspector.close();
  }
}
