import type { VirtAddr } from '../../core/address.ts';
import { idrEntries } from '../../objects/idr.ts';
import { ringbufPages } from '../file-rings.ts';
import { AreaIndex, tellAllocation } from './areas.ts';
import type { OwnerFinder } from './kernel-owner.ts';

/**
 * Kinds of maps that allocate memory apart from their struct: the struct, which begins with the struct bpf_map in it, and its
 * pointers (kernel/bpf/hashtab.c, stackmap.c, devmap.c).
 */
const PARTS: readonly (readonly [kinds: readonly string[], struct: string, members: readonly string[]])[] = [
  [
    [
      'BPF_MAP_TYPE_HASH',
      'BPF_MAP_TYPE_LRU_HASH',
      'BPF_MAP_TYPE_PERCPU_HASH',
      'BPF_MAP_TYPE_LRU_PERCPU_HASH',
      'BPF_MAP_TYPE_HASH_OF_MAPS',
    ],
    'bpf_htab',
    ['buckets', 'elems'],
  ],
  [['BPF_MAP_TYPE_STACK_TRACE'], 'bpf_stack_map', ['elems']],
  [['BPF_MAP_TYPE_DEVMAP'], 'bpf_dtab', ['netdev_map']],
  [['BPF_MAP_TYPE_DEVMAP_HASH'], 'bpf_dtab', ['dev_index_head']],
];

/** The BPF map or program that memory belongs to, by its id (kernel/bpf/syscall.c). */
export const bpfOwners: OwnerFinder = {
  name: 'BPF maps and programs',
  find({ machine }, tell) {
    const { objects } = machine;
    const type = objects.find('bpf_map');
    const all = objects.findSymbol('map_idr');
    if (!type || all === undefined) return;
    const areas = new AreaIndex(objects);
    const kinds = objects.types.enumerators('bpf_map_type');
    const own = (at: VirtAddr, owner: string): void => tellAllocation(machine, areas, at, owner, tell);
    for (const { id, pointer: map } of idrEntries(objects, all)) {
      const owner = `BPF map ${id}${inBrackets(type.text(map, 'name'))}`;
      own(map, owner);
      const kind = BigInt(type.number(map, 'map_type'));
      for (const [names, struct, members] of PARTS) {
        const holder = objects.find(struct);
        if (!holder || !names.some((name) => kinds?.get(name) === kind)) continue;
        const at = holder.container(map, 'map');
        for (const member of members) if (holder.has(member)) own(holder.word(at, member), owner);
      }
      for (const pfn of ringbufPages(machine, map)) if (pfn !== undefined) tell(owner, pfn);
    }
    const program = objects.find('bpf_prog');
    const aux = objects.find('bpf_prog_aux');
    const programs = objects.findSymbol('prog_idr');
    if (!program || !aux || programs === undefined) return;
    for (const { id, pointer } of idrEntries(objects, programs)) {
      const about = program.word(pointer, 'aux');
      own(pointer, `BPF program ${id}${about === 0n ? '' : inBrackets(aux.text(about, 'name'))}`);
    }
  },
};

function inBrackets(name: string): string {
  return name === '' ? '' : ` (${name})`;
}
