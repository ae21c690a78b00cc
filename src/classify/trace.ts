import type { VirtAddr } from '../core/address.ts';
import { rcuListNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';
import { LoopGuard } from '../objects/walk.ts';
import { claimExactly, directPfn } from './allocations.ts';
import type { Claimant, Machine } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode } from './classes.ts';

/** The ring buffers of each trace instance, one per CPU (kernel/trace/ring_buffer.c), and the saved names of tasks. */
export const traceBuffers: Claimant = {
  name: 'trace buffers',
  symbols: ['ftrace_trace_arrays', 'savedcmd'],
  claim(machine, claims) {
    const { objects } = machine;
    claimSavedNames(machine, claims);
    const head = objects.findSymbol('ftrace_trace_arrays');
    const instance = objects.find('trace_array');
    if (head === undefined || !instance) return;
    for (const node of rcuListNodes(objects.memory, head)) {
      const at = instance.container(node, 'list');
      for (const member of ['array_buffer', 'trace_buffer', 'max_buffer', 'snapshot_buffer']) {
        const path = `${member}.buffer`;
        if (instance.has(path)) claimBuffer(machine, claims, instance.word(at, path));
      }
    }
  },
};

function claimBuffer(machine: Machine, claims: Claims, buffer: VirtAddr): void {
  const { objects } = machine;
  const { memory } = objects;
  if (buffer === 0n) return;
  const type = objects.struct('trace_buffer');
  const own = objects.struct('ring_buffer_per_cpu');
  const buffers = type.word(buffer, 'buffers');
  for (const cpu of objects.perCpu.cpus) {
    const at = memory.word(buffers + BigInt(cpu * memory.format.wordBytes));
    if (at === 0n) continue;
    for (const page of bufferPages(objects, own.word(at, 'pages'))) claimPage(machine, claims, page);
    claimPage(machine, claims, own.word(at, 'reader_page'));
  }
}

/** The buffer_pages of a ring: a list without a head, whose pointers have flags in their two lowest bits. */
function* bufferPages(objects: Objects, first: VirtAddr): Generator<VirtAddr> {
  const guard = new LoopGuard('ring of trace pages');
  const start = first & ~3n;
  for (let node = start; node !== 0n; node = objects.memory.word(node) & ~3n) {
    if (node === start && guard.met > 0) return;
    guard.step(node);
    yield objects.struct('buffer_page').container(node, 'list');
  }
}

function claimPage(machine: Machine, claims: Claims, page: VirtAddr): void {
  if (page === 0n) return;
  const type = machine.objects.struct('buffer_page');
  const pfn = directPfn(machine, type.word(page, 'page'));
  const order = type.has('order') ? type.number(page, 'order') : 0;
  if (pfn !== undefined && order < 16) claims.claim(pfn, classCode('trace_buffer'), 2 ** order);
}

/** Names of tasks for traces: since 6.8 one block of pages, rounded up to an order; before, several small ones. */
function claimSavedNames(machine: Machine, claims: Claims): void {
  const { objects } = machine;
  const at = objects.findSymbol('savedcmd');
  const type = objects.find('saved_cmdlines_buffer');
  const names = at === undefined ? 0n : objects.memory.word(at);
  if (!type?.has('saved_cmdlines') || names === 0n) return;
  const name = objects.struct('task_struct').place('comm').size;
  const inPlace = type.place('saved_cmdlines').size === 0;
  const bytes = type.size + (inPlace ? type.number(names, 'cmdline_num') * name : 0);
  const pages = 2 ** Math.ceil(Math.log2(bytes / objects.memory.format.pageSize));
  claimExactly(machine, claims, {
    address: names,
    bytes: pages * objects.memory.format.pageSize,
    code: classCode('trace_buffer', 'task_names'),
  });
}

/** The records of traceable functions (kernel/trace/ftrace.c, struct ftrace_page). */
export const functionRecords: Claimant = {
  name: 'records of traced functions',
  symbols: ['ftrace_pages_start'],
  claim(machine, claims) {
    const { objects } = machine;
    const { pageSize } = objects.memory.format;
    const first = objects.findSymbol('ftrace_pages_start');
    const type = objects.find('ftrace_page');
    if (first === undefined || !type) return;
    const code = classCode('kernel', 'ftrace');
    const guard = new LoopGuard('list of ftrace_pages');
    for (let at = objects.memory.word(first); at !== 0n; at = type.word(at, 'next')) {
      guard.step(at);
      const bytes = type.has('order')
        ? pageSize * 2 ** type.number(at, 'order')
        : type.number(at, 'size') * objects.struct('dyn_ftrace').size;
      claimExactly(machine, claims, { address: type.word(at, 'records'), bytes, code });
    }
  },
};
