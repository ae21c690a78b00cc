import { hex, type VirtAddr } from '../core/address.ts';
import type { Objects } from './objects.ts';
import { ChainError, MOST_ELEMENTS } from './walk.ts';

/** An entry of a maple tree, for the indices [first, last]. */
export interface MapleEntry {
  readonly first: bigint;
  readonly last: bigint;
  readonly entry: bigint;
}

/** enum maple_type (include/linux/maple_tree.h). */
const DENSE = 0;
const LEAF_64 = 1;
const ARANGE_64 = 3;
/** A node pointer has its type in bits 3 to 6; nodes are aligned to 256 bytes. */
const TYPE_SHIFT = 3n;
const NODE_MASK = 255n;
/** In a pointer to the parent, for nodes with 64-bit indices: the shift of the slot number (MAPLE_PARENT_SLOT_SHIFT). */
const SLOT_SHIFT = 3n;
const MOST_DEPTH = 32;

/** The slots and pivots of the two kinds of nodes that have pivots. */
interface Kind {
  readonly pivots: bigint;
  readonly slots: bigint;
  readonly count: number;
}

/**
 * The contents of a maple tree by ascending index, without empty ranges (lib/maple_tree.c). A node must name its parent and
 * its slot there, so that no node is visited twice. Throws ChainError if one does not, if pivots do not ascend, or if the
 * tree is too high, and FaultError.
 */
export function* mapleEntries(objects: Objects, tree: VirtAddr): Generator<MapleEntry> {
  const { memory } = objects;
  const word = BigInt(memory.format.wordBytes);
  const kindOf = (name: string): Kind => {
    const type = objects.struct(name);
    const slots = type.place('slot');
    return {
      pivots: BigInt(type.offset('pivot')),
      slots: BigInt(slots.offset),
      count: slots.size / memory.format.wordBytes,
    };
  };
  const range = kindOf('maple_range_64');
  const arange = kindOf('maple_arange_64');
  const name = `maple tree at ${hex(tree)}`;
  const most = (1n << (word * 8n)) - 1n;
  let met = 0;

  function* below(
    encoded: bigint,
    first: bigint,
    last: bigint,
    depth: number,
    above?: { readonly node: VirtAddr; readonly slot: number },
  ): Generator<MapleEntry> {
    const type = Number((encoded >> TYPE_SHIFT) & 15n);
    const node = encoded & ~NODE_MASK;
    if (type === DENSE || type > ARANGE_64 || depth > MOST_DEPTH) {
      throw new ChainError(
        name,
        node,
        met,
        depth > MOST_DEPTH ? 'it is too high' : `its nodes are of type ${type}`,
      );
    }
    // the first word of every node; that of the root names the tree
    const parent = memory.word(node);
    const slotThere = Number((parent & NODE_MASK) >> SLOT_SHIFT);
    if (above && ((parent & ~NODE_MASK) !== above.node || slotThere !== above.slot))
      throw new ChainError(
        name,
        node,
        met,
        `it says that it is not in slot ${above.slot} of ${hex(above.node)}`,
      );
    const { pivots, slots, count } = type === ARANGE_64 ? arange : range;
    let start = first;
    for (let i = 0; i < count && start <= last; i++) {
      const pivot = i < count - 1 ? memory.word(node + pivots + BigInt(i) * word) : last;
      // a pivot of 0 after the first slot ends the used slots
      const end = pivot === 0n && i > 0 ? last : pivot < last ? pivot : last;
      if (end < start) throw new ChainError(name, node, met, `pivot ${i} is below the one before it`);
      const entry = memory.word(node + slots + BigInt(i) * word);
      if (entry !== 0n) {
        if (type === LEAF_64) {
          if (++met > MOST_ELEMENTS) throw new ChainError(name, node, met, 'it has no end');
          if ((entry & 3n) !== 2n) yield { first: start, last: end, entry };
        } else yield* below(entry, start, end, depth + 1, { node, slot: i });
      }
      if (end === last) return;
      start = end + 1n;
    }
  }
  const root = memory.word(objects.struct('maple_tree').at(tree, 'ma_root'));
  if (root === 0n) return;
  // xa_is_node(): an internal entry larger than any sibling
  if ((root & 3n) === 2n && root > 4096n) yield* below(root, 0n, most, 1);
  else yield { first: 0n, last: 0n, entry: root };
}
