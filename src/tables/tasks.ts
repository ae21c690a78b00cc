import type { VirtAddr } from '../core/address.ts';
import { readOr } from '../core/errors.ts';
import { processes as leaders, taskAt, threadsOf } from '../objects/tasks.ts';
import { MemcgNames } from '../owners/memcg-names.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Every process, including kernel threads and exited ones. */
export const tasks: TableDefinition = defineTable({
  name: 'tasks',
  help: 'processes, including kernel threads',
  columns: [
    { name: 'pid', kind: 'number', help: 'process', numbers: 'int32' },
    { name: 'ppid', kind: 'number', help: 'process id of its parent', numbers: 'int32' },
    { name: 'uid', kind: 'number', mayBeEmpty: true, help: 'user', numbers: 'uint32' },
    { name: 'threads', kind: 'number', help: 'number of threads' },
    { name: 'kind', kind: 'name', help: 'process, kernel (a kernel thread), or exited' },
    { name: 'mm', kind: 'word', help: 'address of its mm_struct; 0 if it has none' },
    { name: 'memcg', kind: 'name', mayBeEmpty: true, help: 'memory cgroup that it is in' },
    { name: 'comm', kind: 'name', help: 'its name' },
  ],
  *rows({ objects }, trouble) {
    const type = objects.struct('task_struct');
    const memcgs = readOr(undefined, () => new MemcgNames(objects, trouble));
    for (const leader of leaders(objects)) {
      const { pid, comm, mm } = taskAt(objects, leader);
      const all = [...threadsOf(objects, leader)];
      const memory = mm !== 0n ? mm : (all.find((t) => t.mm !== 0n)?.mm ?? 0n);
      const isKernel = (type.number(leader, 'flags') & PF_KTHREAD) !== 0 || pid === 0;
      const parent = type.word(leader, 'real_parent');
      yield {
        pid,
        ppid: parent === 0n ? 0 : type.number(parent, 'tgid'),
        uid: readOr(undefined, () => userOf(leader)),
        threads: all.length,
        kind: isKernel ? 'kernel' : memory === 0n ? 'exited' : 'process',
        mm: memory,
        memcg: readOr(undefined, () => memcgs?.ofTask(leader)) || undefined,
        comm,
      };
    }
    function userOf(task: VirtAddr): number {
      const cred = objects.struct('cred');
      return cred.number(type.word(task, 'cred'), 'uid.val');
    }
  },
});

/** include/linux/sched.h */
const PF_KTHREAD = 0x200000;
