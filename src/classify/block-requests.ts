import type { VirtAddr } from '../core/address.ts';
import { listNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';
import type { CacheName } from '../objects/slab/active-objects.ts';
import { xarrayEntries } from '../objects/xarray.ts';
import { type Claimant, type Machine, pfnOfPage } from './claimant.ts';
import { classCode } from './classes.ts';

const QUEUES: CacheName = { variables: ['blk_requestq_cachep'], name: 'request_queue' };
/** Requests are allocated in blocks of up to order 4 (block/blk-mq.c, blk_mq_alloc_rqs). */
const MOST_ORDER = 10;
const MOST_HARDWARE_QUEUES = 65536;

/** The requests of block devices, allocated in blocks of pages when a queue or its scheduler is set up. */
export const blockRequests: Claimant = {
  name: 'requests of block devices',
  symbols: QUEUES.variables,
  claim(machine, claims) {
    const { objects } = machine;
    const tags = objects.find('blk_mq_tags');
    if (!tags?.has('page_list') || !objects.find('request_queue')) return;
    const code = classCode('kernel', 'block_requests');
    const page = objects.struct('page');
    const lru = BigInt(page.offset('lru'));
    const seen = new Set<VirtAddr>();
    for (const at of allTags(machine)) {
      if (at === 0n || seen.has(at)) continue;
      seen.add(at);
      for (const node of listNodes(objects.memory, tags.at(at, 'page_list'))) {
        const order = page.number(node - lru, 'private');
        const pfn = pfnOfPage(machine, node - lru);
        if (pfn !== undefined && order <= MOST_ORDER) claims.claim(pfn, code, 2 ** order);
      }
    }
  },
};

/** The blk_mq_tags of every queue: those of its driver, and those of the scheduler of each hardware queue. */
function* allTags({ objects, active }: Machine): Generator<VirtAddr> {
  const queue = objects.struct('request_queue');
  const set = objects.struct('blk_mq_tag_set');
  const hardware = objects.struct('blk_mq_hw_ctx');
  const { memory } = objects;
  for (const at of active.of(QUEUES)) {
    const own = queue.word(at, 'tag_set');
    // queues of drivers that take whole bios have none; other objects have no set with the same operations
    if (own === 0n || memory.physical(own) === undefined) continue;
    if (queue.word(at, 'mq_ops') !== set.word(own, 'ops')) continue;
    const count = Math.min(set.number(own, 'nr_hw_queues'), MOST_HARDWARE_QUEUES);
    const driver = set.word(own, 'tags');
    for (let i = 0; i < count && driver !== 0n; i++) {
      yield memory.word(driver + BigInt(i * memory.format.wordBytes));
    }
    for (const context of hardwareQueues(objects, at)) yield hardware.word(context, 'sched_tags');
  }
}

/** The hardware queues of a queue: an array until 5.17 and since 7.0, an xarray between. */
function* hardwareQueues(objects: Objects, at: VirtAddr): Generator<VirtAddr> {
  const queue = objects.struct('request_queue');
  const { memory } = objects;
  if (queue.has('hctx_table')) {
    for (const { entry } of xarrayEntries(objects, queue.at(at, 'hctx_table'))) yield entry;
    return;
  }
  const first = queue.has('queue_hw_ctx') ? queue.word(at, 'queue_hw_ctx') : 0n;
  const count = Math.min(queue.number(at, 'nr_hw_queues'), MOST_HARDWARE_QUEUES);
  for (let i = 0; i < count && first !== 0n; i++) {
    const context = memory.word(first + BigInt(i * memory.format.wordBytes));
    if (context !== 0n) yield context;
  }
}
