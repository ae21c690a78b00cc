import type { VirtAddr } from '../core/address.ts';
import { rcuListNodes } from './list.ts';
import type { Objects } from './objects.ts';

/** A thread, from its task_struct (include/linux/sched.h). */
export interface Task {
  readonly address: VirtAddr;
  /** Its thread id, and its process id. */
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  /** Its mm_struct; 0 for a kernel thread and after exit. */
  readonly mm: VirtAddr;
  readonly stack: VirtAddr;
}

/** All threads of all processes: the list of processes from init_task on, and the threads of each (signal_struct). */
export function* threads(objects: Objects): Generator<Task> {
  for (const leader of processes(objects)) yield* threadsOf(objects, leader);
}

/** The threads of the process whose first thread is `leader`. */
export function* threadsOf(objects: Objects, leader: VirtAddr): Generator<Task> {
  const task = objects.struct('task_struct');
  const signal = task.word(leader, 'signal');
  if (signal === 0n) {
    yield taskAt(objects, leader);
    return;
  }
  const head = objects.struct('signal_struct').at(signal, 'thread_head');
  let own = false;
  for (const node of rcuListNodes(objects.memory, head)) {
    const address = task.container(node, 'thread_node');
    own ||= address === leader;
    yield taskAt(objects, address);
  }
  if (!own) yield taskAt(objects, leader);
}

/** The task_struct of the first thread of each process, including init_task. */
export function* processes(objects: Objects): Generator<VirtAddr> {
  const task = objects.struct('task_struct');
  const first = objects.symbol('init_task');
  yield first;
  for (const node of rcuListNodes(objects.memory, task.at(first, 'tasks')))
    yield task.container(node, 'tasks');
}

/** Reads the task at an address. */
export function taskAt(objects: Objects, address: VirtAddr): Task {
  const task = objects.struct('task_struct');
  return {
    address,
    tid: task.number(address, 'pid'),
    pid: task.number(address, 'tgid'),
    comm: task.text(address, 'comm'),
    mm: task.word(address, 'mm'),
    stack: task.word(address, 'stack'),
  };
}

/** Each mm_struct of a process once, with one of its tasks. */
export function* addressSpaces(objects: Objects): Generator<{ readonly mm: VirtAddr; readonly task: Task }> {
  const seen = new Set<VirtAddr>();
  for (const task of threads(objects)) {
    if (task.mm === 0n || seen.has(task.mm)) continue;
    seen.add(task.mm);
    yield { mm: task.mm, task };
  }
}
