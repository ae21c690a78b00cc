import type { VirtAddr } from '../core/address.ts';
import { listNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';
import { type Claimant, type Machine, pfnOfAddress } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode } from './classes.ts';

/** Maximum number of lists of chunks; there is one per size. */
const MOST_SLOTS = 256;
/** Maximum size of a unit; units have some 100 KiB. */
const MOST_PAGES = 2 ** 20;

/** Memory of per-CPU variables (mm/percpu.c): the populated pages of the units of each pcpu_chunk, one unit per CPU. */
export const perCpuMemory: Claimant = {
  name: 'per-CPU memory',
  symbols: [
    'pcpu_chunk_lists',
    'pcpu_slot',
    'pcpu_nr_slots',
    'pcpu_unit_offsets',
    'pcpu_unit_pages',
    'pcpu_base_addr',
    'pcpu_first_chunk',
    'pcpu_reserved_chunk',
    '__cpu_possible_mask',
    'nr_cpu_ids',
    '__per_cpu_offset',
  ],
  claim(machine, claims) {
    const { objects } = machine;
    const { memory } = objects;
    const type = objects.struct('pcpu_chunk');
    const first = objects.variable('pcpu_first_chunk');
    const reserved = objects.findSymbol('pcpu_reserved_chunk');
    const embedded = [first, reserved === undefined ? 0n : memory.word(reserved)].filter((c) => c !== 0n);
    claimFirst(machine, claims, embedded);
    for (const { head, code } of lists(objects)) {
      for (const node of listNodes(memory, head)) {
        const chunk = type.container(node, 'list');
        if (!embedded.includes(chunk)) claimChunk(machine, claims, chunk, code);
      }
    }
  },
};

/** The lists of chunks. 5.9 to 5.13 have a second set of them, for accounted chunks (enum pcpu_chunk_type). */
function* lists(objects: Objects): Generator<{ readonly head: VirtAddr; readonly code: number }> {
  const name = objects.findSymbol('pcpu_chunk_lists') === undefined ? 'pcpu_slot' : 'pcpu_chunk_lists';
  const first = objects.variable(name);
  const { size } = objects.struct('list_head');
  const count = Math.min(MOST_SLOTS, objects.memory.u32(objects.symbol('pcpu_nr_slots')));
  const accounted = objects.enumerator('pcpu_chunk_type', 'PCPU_CHUNK_MEMCG');
  const sets = accounted === undefined ? 1 : accounted + 1;
  for (let i = 0; i < count * sets; i++) {
    const code = i < count ? classCode('percpu') : classCode('vmalloc', 'percpu');
    yield { head: first + BigInt(i * size), code };
  }
}

/**
 * The first chunk is boot memory. Of each unit, the part up to the end of the dynamic area was kept; the rest was freed.
 */
function claimFirst(machine: Machine, claims: Claims, chunks: readonly VirtAddr[]): void {
  const { objects } = machine;
  const { pageSize } = objects.memory.format;
  const type = objects.struct('pcpu_chunk');
  const base = objects.variable('pcpu_base_addr');
  const unit = objects.memory.u32(objects.symbol('pcpu_unit_pages'));
  const ends = chunks.map(
    (c) => Number(type.word(c, 'base_addr') - base) / pageSize + type.number(c, 'nr_pages'),
  );
  const pages = Math.min(unit, Math.max(...ends));
  const code = classCode('percpu', 'first_chunk');
  for (const start of units(objects, base)) {
    for (let page = 0; page < pages; page++) {
      const pfn = pfnOfAddress(machine, start + BigInt(page * pageSize));
      if (pfn !== undefined && machine.isReserved(pfn)) claims.claim(pfn, code);
    }
  }
}

function claimChunk(machine: Machine, claims: Claims, chunk: VirtAddr, code: number): void {
  const { objects } = machine;
  const { memory } = objects;
  const type = objects.struct('pcpu_chunk');
  const populated = type.at(chunk, 'populated');
  const pages = Math.min(type.number(chunk, 'nr_pages'), MOST_PAGES);
  const { pageSize, wordBytes } = memory.format;
  // `populated` is a pointer to a bitmap after the struct, or the bitmap itself at its end
  const bits = type.place('populated').size === wordBytes ? memory.word(populated) : populated;
  for (const start of units(objects, type.word(chunk, 'base_addr'))) {
    for (let page = 0; page < pages; page++) {
      const word = memory.word(bits + BigInt(Math.floor(page / (wordBytes * 8)) * wordBytes));
      if (((word >> BigInt(page % (wordBytes * 8))) & 1n) === 0n) continue;
      const pfn = pfnOfAddress(machine, start + BigInt(page * pageSize));
      if (pfn !== undefined) claims.claim(pfn, code);
    }
  }
}

/** The start of each CPU's unit in a chunk. */
function* units(objects: Objects, base: VirtAddr): Generator<VirtAddr> {
  const { memory, perCpu } = objects;
  const offsets = objects.variable('pcpu_unit_offsets');
  for (const cpu of perCpu.cpus) yield base + memory.word(offsets + BigInt(cpu * memory.format.wordBytes));
}
