import { hex, type Pfn, type VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Path } from '../objects/struct.ts';
import { aioRingPages } from './aio-rings.ts';
import { type Machine, pfnOfPage } from './claimant.ts';
import type { Gap } from './gap.ts';
import { FileHolders } from './kernel-owners/file-holders.ts';
import { PipeUsers } from './kernel-owners/pipes.ts';
import { SocketUsers } from './kernel-owners/sockets.ts';
import { pipeBuffers, pipes } from './pipes.ts';
import { packets } from './socket-buffers.ts';

/** A holder of a reference to a page that neither maps nor caches it. */
export interface Holder {
  readonly pfn: Pfn;
  /** For example `LRU batch lru_add of CPU 1`, `pipe buffer of web[214] pipe:[5120]`. */
  readonly what: string;
  /** The objects that lead to the pointer, e.g. `pipe_inode_info 0xffff888003a4c0c0`; empty for a variable. */
  readonly from: string;
  /** Address of the pointer to the page. */
  readonly at: VirtAddr;
}

/**
 * Batches of pages on their way to an LRU list, one set per CPU (mm/swap.c, mm/mlock.c): the variable, its struct, and the
 * members that are batches, if the kernel has them. A batch has been a folio_batch since 5.16, and was a pagevec before.
 */
const BATCHES: readonly {
  readonly variable: string;
  readonly struct: string;
  readonly members: readonly Path[];
}[] = [
  {
    variable: 'cpu_fbatches',
    struct: 'cpu_fbatches',
    members: [
      'lru_add',
      'lru_deactivate_file',
      'lru_deactivate',
      'lru_lazyfree',
      ['lru_activate', 'activate'],
      'lru_move_tail',
    ],
  },
  {
    variable: 'lru_pvecs',
    struct: 'lru_pvecs',
    members: [
      'lru_add',
      'lru_deactivate_file',
      'lru_deactivate',
      'lru_lazyfree',
      ['lru_activate', 'activate_page'],
    ],
  },
  { variable: 'lru_rotate', struct: 'lru_rotate', members: ['pvec', 'fbatch'] },
  { variable: 'mlock_fbatch', struct: 'mlock_fbatch', members: ['fbatch'] },
  { variable: 'mlock_pvec', struct: 'mlock_pvec', members: ['vec'] },
];

export const HOLDER_SYMBOLS: readonly string[] = BATCHES.map((b) => b.variable);

/** Finds all holders, and reports what could not be examined. */
export function findHolders(
  machine: Machine,
  codes: Uint8Array,
): {
  readonly holders: readonly Holder[];
  readonly gaps: readonly Gap[];
} {
  const holders: Holder[] = [];
  const gaps: Gap[] = [];
  for (const [what, walk] of [
    ['LRU batches', lruBatches],
    ['pages spliced into pipes', spliced],
    ['packets of sockets', inPackets],
    ['rings of asynchronous I/O', inAioRings],
  ] as const) {
    try {
      for (const holder of walk(machine, codes)) holders.push(holder);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      gaps.push({ what, why: error.message });
    }
  }
  return { holders, gaps };
}

function* lruBatches(machine: Machine): Generator<Holder> {
  const { objects } = machine;
  const batch = objects.find('folio_batch') ?? objects.struct('pagevec');
  const slots = batch.place(['folios', 'pages']);
  const { memory, perCpu } = objects;
  const word = memory.format.wordBytes;
  for (const { variable, struct, members } of BATCHES) {
    const type = objects.find(struct);
    if (!type || objects.findSymbol(variable) === undefined) continue;
    for (const cpu of perCpu.cpus) {
      const base = perCpu.symbol(variable, cpu);
      for (const member of members) {
        if (!type.has(member)) continue;
        const at = type.at(base, member);
        const count = Math.min(batch.number(at, 'nr'), slots.size / word);
        for (let i = 0; i < count; i++) {
          const slot = at + BigInt(slots.offset + i * word);
          // the batches of mlock() use the low bits of pointers as marks
          const pfn = pfnOfPage(machine, memory.word(slot) & ~3n);
          const name = typeof member === 'string' ? member : member[0]!;
          if (pfn !== undefined) {
            yield { pfn, what: `LRU batch ${name} of CPU ${cpu}`, from: `${variable}.${name}`, at: slot };
          }
        }
      }
    }
  }
}

/** Pages of others that pipes refer to: splice(), tee(), vmsplice(). */
function* spliced(machine: Machine): Generator<Holder> {
  const { objects } = machine;
  const own = objects.symbol('anon_pipe_buf_ops');
  let users: PipeUsers | undefined;
  for (const pipe of pipes(machine)) {
    for (const { page, ops, at } of pipeBuffers(objects, pipe)) {
      const pfn = ops === own ? undefined : pfnOfPage(machine, page);
      if (pfn === undefined) continue;
      users ??= new PipeUsers(objects, new FileHolders(objects));
      yield { pfn, what: `buffer of ${users.of(pipe)}`, from: `pipe_inode_info ${hex(pipe)}`, at };
    }
  }
}

/** Pages that packets refer to: sendfile(), MSG_ZEROCOPY, splice(). */
function* inPackets(machine: Machine, codes: Uint8Array): Generator<Holder> {
  let users: SocketUsers | undefined;
  for (const { packet, fragments } of packets(machine, codes)) {
    for (const { page, at } of fragments) {
      const pfn = pfnOfPage(machine, page);
      if (pfn === undefined) continue;
      users ??= new SocketUsers(machine.objects, new FileHolders(machine.objects));
      const owner = users.of(packet);
      const what = `fragment of a packet${owner === undefined ? '' : ` of ${owner}`}`;
      yield { pfn, what, from: `sk_buff ${hex(packet)}`, at };
    }
  }
}

function* inAioRings(machine: Machine): Generator<Holder> {
  for (const { page, context, at } of aioRingPages(machine.objects)) {
    const pfn = pfnOfPage(machine, page);
    if (pfn !== undefined)
      yield { pfn, what: 'ring of asynchronous I/O', from: `kioctx ${hex(context)}`, at };
  }
}
