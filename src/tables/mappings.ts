import { VM_PFNMAP } from '../owners/areas.ts';
import { FileNames } from '../owners/file-names.ts';
import { Processes } from '../owners/processes.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Every page that the page tables of processes map, as in /proc/PID/pagemap (fs/proc/task_mmu.c). */
export const mappings: TableDefinition = defineTable({
  name: 'mappings',
  help: 'pages that processes map: a row for each page of each process',
  columns: [
    { name: 'pid', kind: 'number', help: 'process', numbers: 'int32' },
    { name: 'comm', kind: 'name', help: 'its name' },
    { name: 'vaddr', kind: 'word', help: 'virtual address' },
    { name: 'pfn', kind: 'number', help: 'page frame that is mapped there' },
    { name: 'order', kind: 'number', help: 'the entry maps 2^order pages', numbers: 'uint8' },
    { name: 'file', kind: 'name', mayBeEmpty: true, help: 'file that the area maps' },
  ],
  *rows({ objects, model, kernel }, trouble) {
    const processes = new Processes(objects, model.present.at(-1)?.end ?? 0, trouble);
    const files = new FileNames(objects, trouble);
    const pageBytes = 2 ** kernel.pageShift;
    for (const process of processes.list()) {
      const { pid, comm } = process;
      const found: { address: number; pfn: number; count: number; file: bigint }[] = [];
      processes.walk(process, {
        page: (area, address, pfn, count) => {
          // the kernel reports no page frames for memory that a driver maps by its address
          if (!(area.flags & VM_PFNMAP)) found.push({ address, pfn, count, file: area.file });
        },
      });
      for (const { address, pfn, count, file } of found) {
        const order = Math.floor(Math.log2(count));
        const name = file === 0n ? undefined : files.ofFile(file);
        for (let i = 0; i < count; i++) {
          yield { pid, comm, vaddr: BigInt(address + i * pageBytes), pfn: pfn + i, order, file: name };
        }
      }
    }
  },
});
