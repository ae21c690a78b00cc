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
      help: 'rss with each page divided by the number of processes that map it',
    },
    { name: 'uss', kind: 'number', help: 'memory that no other process maps' },
    {
      name: 'swap',
      kind: 'number',
      mayBeEmpty: true,
      help: 'memory in swap; empty if the format of swap entries is not known',
    },
    { name: 'huge', kind: 'number', help: 'memory mapped as huge pages' },
    { name: 'hugetlb', kind: 'number', help: 'memory of hugetlb pages; no other column counts it' },
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
