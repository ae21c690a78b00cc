import { readOr } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { containerOf } from '../owners/containers.ts';
import { MemcgNames } from '../owners/memcg-names.ts';
import type { Process } from '../owners/processes.ts';
import type { ColumnSpec } from '../table/column.ts';
import { processUsages } from './process-usages.ts';
import { defineTable, type TableDefinition, type Trouble } from './table-definition.ts';

const SUMS = [
  { name: 'processes', kind: 'number', help: 'processes with a memory of their own' },
  { name: 'rss', kind: 'number', help: 'memory that they map, counted once per process' },
  { name: 'pss', kind: 'number', help: 'rss with each page divided by the number of processes that map it' },
  { name: 'uss', kind: 'number', help: 'memory that only one process maps' },
  {
    name: 'swap',
    kind: 'number',
    mayBeEmpty: true,
    help: 'memory in swap; empty if the format of swap entries is not known',
  },
] as const satisfies readonly ColumnSpec[];

interface Sums {
  processes: number;
  rss: number;
  pss: number;
  uss: number;
  swap: number;
}

/** The memory of processes, added up by `keyOf`, largest PSS first; processes without a key come last. */
function sumsBy<K>(
  inspector: Inspector,
  trouble: Trouble,
  keyOf: (process: Process) => K | undefined,
): {
  readonly key: K | undefined;
  readonly kib: Omit<Sums, 'swap'> & { readonly swap: number | undefined };
}[] {
  const { usages, knowsSwap } = processUsages(inspector, trouble);
  const sums = new Map<K | undefined, Sums>();
  for (const { process, used } of usages) {
    const key = keyOf(process);
    const sum = sums.get(key) ?? { processes: 0, rss: 0, pss: 0, uss: 0, swap: 0 };
    sum.processes++;
    for (const name of ['rss', 'pss', 'uss', 'swap'] as const) sum[name] += used[name];
    sums.set(key, sum);
  }
  const kib = inspector.kernel.pageBytes / 1024;
  return [...sums]
    .sort(([a, x], [b, y]) => Number(a === undefined) - Number(b === undefined) || y.pss - x.pss)
    .map(([key, { processes, rss, pss, uss, swap }]) => ({
      key,
      kib: {
        processes,
        rss: rss * kib,
        pss: Math.floor(pss * kib),
        uss: uss * kib,
        swap: knowsSwap ? swap * kib : undefined,
      },
    }));
}

/** The memory of the processes of each user. */
export const users: TableDefinition = defineTable({
  name: 'users',
  help: 'memory of the processes of each user, in KiB',
  columns: [{ name: 'uid', kind: 'number', mayBeEmpty: true, help: 'user', numbers: 'uint32' }, ...SUMS],
  *rows(inspector, trouble) {
    const { objects } = inspector;
    const task = objects.struct('task_struct');
    const userOf = (process: Process): number | undefined =>
      readOr(undefined, () => objects.struct('cred').number(task.word(process.task, 'cred'), 'uid.val'));
    for (const { key, kib } of sumsBy(inspector, trouble, userOf)) yield { uid: key, ...kib };
  },
});

/** The memory of the processes of each container, as cgroups tell them. */
export const containers: TableDefinition = defineTable({
  name: 'containers',
  help: 'memory of the processes of each container, in KiB',
  columns: [
    {
      name: 'container',
      kind: 'name',
      mayBeEmpty: true,
      help: 'its manager and its name or id, from the path of its cgroup; empty for processes in no container',
    },
    ...SUMS,
  ],
  *rows(inspector, trouble) {
    const memcgs = new MemcgNames(inspector.objects, trouble);
    const of = (process: Process): string | undefined =>
      containerOf(readOr('', () => memcgs.ofTask(process.task)));
    for (const { key, kib } of sumsBy(inspector, trouble, of)) yield { container: key, ...kib };
  },
});
