import { UsageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { traitsOf } from '../inspector/page-traits.ts';
import { areaNames, NO_NAMES } from '../owners/area-names.ts';
import { FileNames } from '../owners/file-names.ts';
import type { Process } from '../owners/processes.ts';
import type { Usage } from '../owners/usage.ts';
import type { ColumnSpec } from '../table/column.ts';
import { countProcesses } from './process-usages.ts';
import { defineTable, type TableDefinition, type Trouble } from './table-definition.ts';

const KIB = 1024;

/** The memory of an area in KiB, with the field names of /proc/PID/smaps in lower case. */
const USAGE = [
  { name: 'rss', kind: 'number', help: 'memory that it maps' },
  { name: 'pss', kind: 'number', help: 'rss with each page divided by the number of processes that map it' },
  { name: 'uss', kind: 'number', help: 'memory that no other process maps' },
  { name: 'anonymous', kind: 'number', help: 'anonymous memory' },
  { name: 'ksm', kind: 'number', help: 'memory that KSM has merged' },
  { name: 'lazyfree', kind: 'number', help: 'memory given up by MADV_FREE' },
  {
    name: 'anonhugepages',
    kind: 'number',
    help: 'anonymous memory mapped as huge pages',
  },
  { name: 'shmempmdmapped', kind: 'number', help: 'shared memory mapped as huge pages' },
  { name: 'filepmdmapped', kind: 'number', help: 'files mapped as huge pages' },
  { name: 'shared_hugetlb', kind: 'number', help: 'hugetlb pages that other processes map too; not in rss' },
  { name: 'private_hugetlb', kind: 'number', help: 'hugetlb pages that no other process maps; not in rss' },
  {
    name: 'swap',
    kind: 'number',
    mayBeEmpty: true,
    help: 'memory in swap; empty if the format of swap entries is not known',
  },
  {
    name: 'swappss',
    kind: 'number',
    mayBeEmpty: true,
    help: 'anonymous memory in swap, each page divided by the number of processes that have it',
  },
  { name: 'locked', kind: 'number', help: 'the part of pss that is locked into memory' },
] as const satisfies readonly ColumnSpec[];

/** The memory areas of a process, as in /proc/PID/smaps. */
export function processAreas(pid: number): TableDefinition {
  return defineTable({
    name: 'process',
    help: 'memory areas of a process',
    columns: [
      { name: 'start', kind: 'word', help: 'first address' },
      { name: 'end', kind: 'word', help: 'first address after the area' },
      { name: 'perms', kind: 'name', help: 'r, w, x: what the process may do; s: shared, p: private' },
      { name: 'offset', kind: 'word', help: 'offset in the file at which the area begins' },
      { name: 'dev', kind: 'name', mayBeEmpty: true, help: 'device of the file' },
      { name: 'inode', kind: 'number', mayBeEmpty: true, help: 'inode number of the file' },
      { name: 'size', kind: 'number', help: 'size of the area' },
      ...USAGE,
      {
        name: 'file',
        kind: 'name',
        mayBeEmpty: true,
        help: 'file that the area maps, or a name such as [stack]',
      },
    ],
    *rows(inspector, trouble) {
      const { kernel, objects } = inspector;
      const examined = examine(inspector, pid, trouble);
      if (!examined) return;
      const { processes, process, counter, traits } = examined;
      const { knowsSwap } = processes;
      const kib = 2 ** kernel.pageShift / KIB;
      const files = new FileNames(objects, trouble);
      for (const [area, usage] of counter.ofAreas(process, traits)) {
        const named = processes.attempt(`the names of process ${pid}`, () =>
          areaNames(objects, files, process.mm, area),
        );
        const { perms, offset, dev, inode, name } = named ?? NO_NAMES;
        yield {
          start: BigInt(area.start),
          end: BigInt(area.end),
          perms,
          offset: BigInt(offset),
          dev: dev === '' ? undefined : dev,
          inode: inode === undefined ? undefined : Number(inode),
          size: (area.end - area.start) / KIB,
          ...kibOf(usage, kib, knowsSwap),
          file: name === '' ? undefined : name,
        };
      }
    },
  });
}

/** The sums over all areas: /proc/PID/smaps_rollup. */
export function processRollup(pid: number): TableDefinition {
  return defineTable({
    name: 'process_rollup',
    help: 'memory of a process',
    columns: [
      { name: 'pid', kind: 'number', help: 'process', numbers: 'int32' },
      { name: 'comm', kind: 'name', help: 'its name' },
      ...USAGE,
    ],
    *rows(inspector, trouble) {
      const examined = examine(inspector, pid, trouble);
      if (!examined) return;
      const { processes, process, counter, traits } = examined;
      const usages = [...counter.ofAreas(process, traits).values()];
      const total = usages.reduce((sum, usage) => addUp(sum, usage));
      const kib = 2 ** inspector.kernel.pageShift / KIB;
      yield { pid, comm: process.comm, ...kibOf(total, kib, processes.knowsSwap) };
    },
  });
}

function addUp(sum: Usage, usage: Usage): Usage {
  const keys = Object.keys(sum) as (keyof Usage)[];
  return Object.fromEntries(keys.map((key) => [key, sum[key] + usage[key]])) as unknown as Usage;
}

/** Counts the mappings of all processes, and examines the pages of one; undefined if no process can be read. */
function examine(inspector: Inspector, pid: number, trouble: Trouble) {
  const { processes, list, counter } = countProcesses(inspector, trouble);
  const process = list.find((p) => p.pid === pid);
  // that the list was cut short has been reported
  if (list.length === 0) return undefined;
  if (!process || process.areas.length === 0) throw new UsageError(missing(list, pid));
  return { processes, process, counter, traits: traitsOf(inspector, counter.framesOf(process)) };
}

function missing(list: readonly Process[], pid: number): string {
  if (list.some((p) => p.pid === pid)) return `the memory areas of process ${pid} cannot be read`;
  return `process ${pid} has no memory areas: it does not exist, has exited, or is a kernel thread; 'structpage ps' lists all processes`;
}

function kibOf(usage: Usage, kib: number, knowsSwap: boolean) {
  const whole = (pages: number): number => Math.floor(pages * kib);
  return {
    rss: whole(usage.rss),
    pss: whole(usage.pss),
    uss: whole(usage.uss),
    anonymous: whole(usage.anonymous),
    ksm: whole(usage.ksm),
    lazyfree: whole(usage.lazyFree),
    anonhugepages: whole(usage.anonHuge),
    shmempmdmapped: whole(usage.shmemHuge),
    filepmdmapped: whole(usage.fileHuge),
    shared_hugetlb: whole(usage.sharedHugetlb),
    private_hugetlb: whole(usage.privateHugetlb),
    swap: knowsSwap ? whole(usage.swap) : undefined,
    swappss: knowsSwap ? whole(usage.swapPss) : undefined,
    locked: whole(usage.locked),
  };
}
