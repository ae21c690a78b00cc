import type { VirtAddr } from '../core/address.ts';
import { directPfn } from './allocations.ts';
import { type Claimant, type Machine, pfnOfPage } from './claimant.ts';
import { classCode } from './classes.ts';
import { FILE_CACHE, filesOfKinds } from './files.ts';
import { claimCompound, isUnclaimed } from './late-claims.ts';

/** How a file leads to the pages of its ring. */
interface FileRing {
  /** The operations of such files. */
  readonly operations: string;
  readonly code: () => number;
  /** Addresses of the pages. */
  pages(machine: Machine, privateData: VirtAddr): Iterable<number | undefined>;
}

const MOST_PAGES = 2 ** 20;

const RINGS: readonly FileRing[] = [
  { operations: 'perf_fops', code: () => classCode('trace_buffer', 'perf'), pages: perfPages },
  { operations: 'bpf_map_fops', code: () => classCode('bpf', 'ringbuf'), pages: ringbufPages },
];

/** Rings of files that no process maps yet. */
export const fileRings: Claimant = {
  name: 'rings of perf events and BPF maps',
  symbols: [
    ...FILE_CACHE.variables,
    'ringbuf_map_ops',
    'user_ringbuf_map_ops',
    ...RINGS.map((r) => r.operations),
  ],
  claim(machine, claims) {
    const { objects } = machine;
    const file = objects.struct('file');
    const kinds = new Map<VirtAddr, FileRing>();
    for (const ring of RINGS) {
      const at = objects.findSymbol(ring.operations);
      if (at !== undefined) kinds.set(at, ring);
    }
    for (const at of filesOfKinds(machine, new Set(kinds.keys()))) {
      const ring = kinds.get(file.word(at, 'f_op'))!;
      for (const pfn of ring.pages(machine, file.word(at, 'private_data'))) {
        if (pfn !== undefined && isUnclaimed(claims, pfn)) claimCompound(machine, claims, pfn, ring.code());
      }
    }
  },
};

/** kernel/events/internal.h, struct perf_buffer: one block per page, or with PERF_USE_VMALLOC a vmalloc area. */
export function* perfPages(machine: Machine, event: VirtAddr): Generator<number | undefined> {
  const { objects } = machine;
  const type = objects.find('perf_buffer');
  const at = event === 0n ? 0n : objects.struct('perf_event').word(event, 'rb');
  if (!type || at === 0n || type.has('work')) return;
  const { wordBytes } = objects.memory.format;
  const list = function* (first: VirtAddr, count: number): Generator<number | undefined> {
    for (let i = 0; i < Math.min(count, MOST_PAGES); i++) {
      yield directPfn(machine, objects.memory.word(first + BigInt(i * wordBytes)));
    }
  };
  yield directPfn(machine, type.word(at, 'user_page'));
  yield* list(type.at(at, 'data_pages'), type.number(at, 'nr_pages'));
  const aux = type.word(at, 'aux_pages');
  if (aux !== 0n) yield* list(aux, type.number(at, 'aux_nr_pages'));
}

/** kernel/bpf/ringbuf.c, struct bpf_ringbuf: its pages are mapped twice in a row in vmalloc space. */
export function* ringbufPages(machine: Machine, map: VirtAddr): Generator<number | undefined> {
  const { objects } = machine;
  const type = objects.find('bpf_ringbuf');
  const holder = objects.find('bpf_ringbuf_map');
  if (map === 0n || !type || !holder) return;
  const ops = objects.struct('bpf_map').word(map, 'ops');
  const own = ['ringbuf_map_ops', 'user_ringbuf_map_ops'].map((name) => objects.findSymbol(name));
  const ring = own.includes(ops) ? holder.word(holder.container(map, 'map'), 'rb') : 0n;
  if (ring === 0n) return;
  const pages = type.word(ring, 'pages');
  const count = Math.min(type.number(ring, 'nr_pages'), MOST_PAGES);
  const { wordBytes } = objects.memory.format;
  for (let i = 0; i < count; i++) {
    yield pfnOfPage(machine, objects.memory.word(pages + BigInt(i * wordBytes)));
  }
}
