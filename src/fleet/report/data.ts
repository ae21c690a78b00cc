import type { SqlSession } from '../../sql/session.ts';
import { fleetQueries, parametersStatement } from '../queries.ts';
import type { FleetStore } from '../store.ts';

/** A remark about a host: the query that made it, as an index into `queries`, and what it found. */
export type Mark = readonly [query: number, text: string];

/** A host in its newest snapshot. */
export interface ReportHost {
  readonly host: string;
  readonly role: string;
  readonly release: string;
  /** Time in UTC, as text that sorts. */
  readonly time: string;
  readonly memory: number;
  /** Bytes of each class of `classes`, in their order. */
  readonly bytes: readonly number[];
  readonly marks: readonly Mark[];
}

/** All that the page shows. */
export interface ReportData {
  readonly store: string;
  readonly classes: readonly string[];
  readonly hosts: readonly ReportHost[];
  readonly queries: readonly { readonly name: string; readonly title: string; readonly sql: string }[];
}

/** Classes with a colour of their own; the others are added up. */
const MOST_CLASSES = 9;
const OTHERS = 'others';
/** The most marks of a host that one query makes. */
const MOST_MARKS = 4;

/** What marks hosts: a ready query, the tables of which must be there, and the words for a row of its answer. */
const MARKS: readonly { readonly query: string; readonly text: (row: Row) => string | undefined }[] = [
  {
    query: 'outliers',
    text: ({ name, share, median }) => `${name} ${percent(share)}, peers ${percent(median)}`,
  },
  { query: 'leak-suspects', text: ({ name, share }) => `${name} grew without a pause by ${percent(share)}` },
  {
    query: 'fragmentation',
    text: ({ fragmented, unusable }) =>
      fragmented === true ? `${percent(unusable)} of free memory in small blocks` : undefined,
  },
  {
    query: 'dying-cgroups',
    text: ({ cgroups, bytes }) => `${cgroups} dying cgroups with ${mebibytes(bytes)}`,
  },
];

type Row = Readonly<Record<string, unknown>>;

/** Collects what the page shows. */
export async function reportData(session: SqlSession, store: FleetStore): Promise<ReportData> {
  const rows = async (sql: string): Promise<Row[]> =>
    (await session.connection.runAndReadAll(sql)).getRowObjectsJson() as Row[];
  const marks = new Map<string, Mark[]>();
  const queries = fleetQueries();
  for (const { query: name, text } of MARKS) {
    const index = queries.findIndex((query) => query.name === name);
    const query = queries[index];
    if (!query || [...query.reads.keys()].some((table) => !store.files.get(table as 'hosts')?.length))
      continue;
    await session.connection.run(parametersStatement(query, new Map()));
    for (const row of await rows(query.sql)) {
      const said = text(row);
      const list = marks.get(String(row.host)) ?? [];
      if (said === undefined || list.filter(([by]) => by === index).length >= MOST_MARKS) continue;
      marks.set(String(row.host), [...list, [index, said]]);
    }
  }
  const used = await rows(USED);
  const classes = classesOf(used);
  const bytes = new Map<string, number[]>();
  for (const { host, name, bytes: amount } of used) {
    const list = bytes.get(String(host)) ?? classes.map(() => 0);
    bytes.set(String(host), list);
    const place = classes.indexOf(String(name));
    list[place < 0 ? classes.length - 1 : place]! += Number(amount);
  }
  const hosts = (await rows(HOSTS)).map(
    ({ host, role, release, time, memory }): ReportHost => ({
      host: String(host),
      role: String(role ?? ''),
      release: String(release ?? ''),
      time: String(time).slice(0, 19),
      memory: Number(memory),
      bytes: bytes.get(String(host)) ?? [],
      marks: marks.get(String(host)) ?? [],
    }),
  );
  return {
    store: store.location,
    classes,
    hosts,
    queries: queries.map(({ name, title, sql }) => ({ name, title, sql })),
  };
}

const HOSTS =
  'select n.host, n.role, n.release, n.time, coalesce(n.managed, n.pages) * n.page_size as memory from newest() n order by n.host';

// hosts whose classes were not found out are shown by type
const USED = `select s.host, s.name, sum(s.bytes)::double as bytes from summary s join newest() n on n.host = s.host and n.time = s.time
  where s.by in ('class', 'type') and s.name not in ('hole') group by s.host, s.name`;

/** The classes with most memory in all of the fleet, the largest first, and a place for the others. */
function classesOf(used: readonly Row[]): string[] {
  const sums = new Map<string, number>();
  for (const { name, bytes } of used) sums.set(String(name), (sums.get(String(name)) ?? 0) + Number(bytes));
  const sorted = [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
  return [...sorted.slice(0, MOST_CLASSES), ...(sorted.length > MOST_CLASSES ? [OTHERS] : [])];
}

function percent(share: unknown): string {
  return `${(100 * Number(share)).toFixed(1)} %`;
}

function mebibytes(bytes: unknown): string {
  return `${Math.round(Number(bytes) / 1048576)} MiB`;
}
