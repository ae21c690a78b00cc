import type { VirtAddr } from '../core/address.ts';
import { addressSpaces } from '../objects/tasks.ts';
import { vmasOf } from '../objects/vmas.ts';
import { PageWalker } from '../translate/page-walk.ts';
import { type Claimant, type Machine, pfnOfAddress } from './claimant.ts';
import { classCode, PAGE_CLASSES } from './classes.ts';
import { claimCompound } from './late-claims.ts';

/** Symbols of the operations of an area or its file that tell what it maps. */
const AREAS: readonly (readonly [symbol: string, name: string, subclass?: string])[] = [
  ['packet_mmap_ops', 'mapped_kernel', 'packet_ring'],
  ['perf_mmap_vmops', 'mapped_kernel', 'perf'],
  ['perf_fops', 'mapped_kernel', 'perf'],
  ['bpf_map_fops', 'mapped_kernel', 'bpf'],
  ['io_uring_fops', 'io_uring'],
];
const MOST_BYTES = 2n ** 40n;

/**
 * Claims pages in the page tables of processes that have no other class: memory that the kernel or a driver lets them map.
 * Runs last, since only unclaimed pages qualify.
 */
export const userMemory: Claimant = {
  name: 'memory that processes map',
  symbols: AREAS.map(([symbol]) => symbol),
  claim(machine, claims) {
    const { codes } = claims;
    const { userMapped, limit, objects } = machine;
    const mapped = classCode('mapped_kernel');
    const isFree = PAGE_CLASSES.map((c) => c.name === 'unknown');
    for (let pfn = 0; pfn < limit; pfn++) {
      if (isFree[codes[pfn]!] && userMapped.has(pfn)) codes[pfn] = mapped;
    }
    const operations = new Map<VirtAddr, number>();
    for (const [symbol, name, subclass] of AREAS) {
      const at = objects.findSymbol(symbol);
      if (at !== undefined) operations.set(at, classCode(name, subclass));
    }
    const ring = classCode('io_uring');
    for (const { mm } of addressSpaces(objects)) {
      for (const { code, pfns } of areasOf(machine, mm, operations)) {
        for (const pfn of pfns) {
          if (codes[pfn] !== mapped) continue;
          codes[pfn] = code;
          // a ring is one block, of which its area maps only a part
          if (code === ring) claimCompound(machine, claims, pfn, code);
        }
      }
    }
  },
};

function* areasOf(
  machine: Machine,
  mm: VirtAddr,
  operations: ReadonlyMap<VirtAddr, number>,
): Generator<{ readonly code: number; readonly pfns: Generator<number> }> {
  const { objects } = machine;
  const vma = objects.struct('vm_area_struct');
  const file = objects.struct('file');
  for (const at of vmasOf(objects, mm)) {
    const from = vma.word(at, 'vm_file');
    const code =
      operations.get(vma.word(at, 'vm_ops')) ??
      (from === 0n ? undefined : operations.get(file.word(from, 'f_op')));
    if (code === undefined) continue;
    yield { code, pfns: framesOf(machine, mm, vma.word(at, 'vm_start'), vma.word(at, 'vm_end')) };
  }
}

/** The page frames that the page tables of a process map between two addresses. */
function* framesOf(machine: Machine, mm: VirtAddr, start: VirtAddr, end: VirtAddr): Generator<number> {
  const { objects } = machine;
  const { memory, walker } = objects.memory.space;
  const { pageSize } = objects.memory.format;
  const root = pfnOfAddress(machine, objects.struct('mm_struct').word(mm, 'pgd'));
  if (root === undefined || end <= start || end - start > MOST_BYTES) return;
  const own = new PageWalker(memory, { ...walker.tables, root: root * pageSize });
  for (const { physical, length } of own.mappedRuns(start, Number(end - start))) {
    if (physical === undefined) continue;
    for (let at = 0; at < length; at += pageSize) yield Math.floor((physical + at) / pageSize);
  }
}
