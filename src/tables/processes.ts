import { processUsages } from './process-usages.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

const KIB = 1024;

/** The memory of each process, counted like /proc/PID/smaps_rollup, largest first. */
export const processes: TableDefinition = defineTable({
  name: 'processes',
  help: 'memory of each process, in KiB, as smaps_rollup counts it',
  columns: [
    { name: 'pid', kind: 'number', help: 'process', numbers: 'int32' },
    { name: 'comm', kind: 'name', help: 'its name' },
    { name: 'rss', kind: 'number', help: 'memory that it maps' },
    {
      name: 'pss',
      kind: 'number',
      help: 'the same, each page divided by the number of processes that map it',
    },
    { name: 'uss', kind: 'number', help: 'memory that no other process maps' },
    {
      name: 'swap',
      kind: 'number',
      mayBeEmpty: true,
      help: 'pages in swap; empty if this architecture’s entries are not known',
    },
    { name: 'huge', kind: 'number', help: 'memory that entries of huge pages map' },
    { name: 'hugetlb', kind: 'number', help: 'memory of hugetlb pages, which is in none of the others' },
  ],
  *rows(inspector, trouble) {
    const { usages, knowsSwap } = processUsages(inspector, trouble);
    const kib = inspector.kernel.pageBytes / KIB;
    for (const { process, used } of usages) {
      yield {
        pid: process.pid,
        comm: process.comm,
        rss: used.rss * kib,
        pss: Math.floor(used.pss * kib),
        uss: used.uss * kib,
        swap: knowsSwap ? used.swap * kib : undefined,
        huge: used.huge * kib,
        hugetlb: (used.sharedHugetlb + used.privateHugetlb) * kib,
      };
    }
  },
});
