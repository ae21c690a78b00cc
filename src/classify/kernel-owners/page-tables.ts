import { PAGE_CLASSES } from '../classes.ts';
import { walkTables } from '../page-tables.ts';
import type { OwnerFinder } from './kernel-owner.ts';

/** The process whose page tables a table belongs to; of shared tables the first one. */
export const tableOwners: OwnerFinder = {
  name: 'page tables',
  find({ machine, codes }, tell) {
    const kernel = { table: (pfn: number) => tell('kernel', pfn) };
    const visitors = {
      kernel,
      ofOther: kernel,
      ofProcess: ({ pid, comm }: { readonly pid: number; readonly comm: string }) => ({
        table: (pfn: number) => tell(`${comm}[${pid}]`, pfn),
      }),
    };
    walkTables(machine, visitors, (root, task) => {
      // the second root of page table isolation
      if (task && PAGE_CLASSES[codes[root + 1] ?? 0]!.name === 'page_table') {
        tell(`${task.comm}[${task.pid}]`, root + 1);
      }
    });
  },
};
