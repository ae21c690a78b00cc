import { hex, type VirtAddr } from '../core/address.ts';
import { LayoutError } from '../core/errors.ts';
import type { Objects } from './objects.ts';
import { ChainError } from './walk.ts';

/** An entry of an xarray: a pointer, or a value stored in place. */
export interface XarrayEntry {
  readonly index: number;
  /** Number of indices that it covers. */
  readonly span: number;
  /** The stored entry: a pointer with its tag bits, or `value << 1 | 1`. */
  readonly entry: bigint;
}

const INTERNAL = 2n;
/** Internal entries below this are siblings, retries and zeros, not nodes (xa_is_node). */
const FIRST_NODE = 4096n;

/** The layout of an xarray: struct xarray and xa_node since 4.20, struct radix_tree_root and radix_tree_node before. */
interface Shape {
  readonly head: bigint;
  readonly shift: number;
  readonly slots: bigint;
  readonly fanOut: number;
  /** Offsets of the pointer to the parent and of the slot number there; undefined if the types lack them. */
  readonly parent: bigint | undefined;
  readonly offset: bigint | undefined;
  /** How to recognise a pointer to a node: the bits and their value. */
  readonly isNode: (entry: bigint) => boolean;
  readonly nodeOf: (entry: bigint) => VirtAddr;
}

function shapeOf(objects: Objects): Shape {
  const node = objects.find('xa_node') ?? objects.struct('radix_tree_node');
  const slots = node.place('slots');
  const { wordBytes } = objects.memory.format;
  const root = objects.find('xarray');
  const head = root ? root.offset('xa_head') : objects.struct('radix_tree_root').offset('rnode');
  const common = {
    head: BigInt(head),
    shift: node.offset('shift'),
    slots: BigInt(slots.offset),
    fanOut: slots.size / wordBytes,
    parent: node.has('parent') ? BigInt(node.offset('parent')) : undefined,
    offset: node.has('offset') ? BigInt(node.offset('offset')) : undefined,
  };
  if (root) {
    return {
      ...common,
      isNode: (e) => (e & 3n) === INTERNAL && e > FIRST_NODE,
      nodeOf: (e) => e - INTERNAL,
    };
  }
  return { ...common, isNode: (e) => (e & 3n) === 1n, nodeOf: (e) => e & ~3n };
}

/**
 * The contents of a `struct xarray` by ascending index (include/linux/xarray.h, lib/xarray.c), without the siblings of
 * entries that cover several indices. A node must name its parent and its slot there, so that no node is visited twice.
 * Throws ChainError if one does not, or if levels do not shrink, and FaultError.
 */
export function* xarrayEntries(objects: Objects, root: VirtAddr): Generator<XarrayEntry> {
  const shape = shapeOf(objects);
  const { memory } = objects;
  const word = BigInt(memory.format.wordBytes);
  const name = `xarray at ${hex(root)}`;
  let met = 0;
  function* below(
    node: VirtAddr,
    base: number,
    above: number,
    slot: number,
    parent: VirtAddr,
  ): Generator<XarrayEntry> {
    const shift = memory.u8(node + BigInt(shape.shift));
    if (shift >= above || shape.fanOut < 2) throw new ChainError(name, node, met, `its shift is ${shift}`);
    if (shape.parent !== undefined && memory.word(node + shape.parent) !== parent)
      throw new ChainError(name, node, met, `its parent is not ${hex(parent)}`);
    if (shape.offset !== undefined && parent !== 0n && memory.u8(node + shape.offset) !== slot)
      throw new ChainError(name, node, met, `it is not in slot ${slot} of its parent`);
    const at = (i: number): bigint => memory.word(node + shape.slots + BigInt(i) * word);
    for (let i = 0; i < shape.fanOut; i++) {
      const entry = at(i);
      if (entry === 0n) continue;
      const index = base + i * 2 ** shift;
      if (shape.isNode(entry)) yield* below(shape.nodeOf(entry), index, shift, i, node);
      else if (isEntry(entry)) {
        met++;
        let slots = 1;
        while (i + slots < shape.fanOut && isSiblingOf(at(i + slots), i)) slots++;
        yield { index, entry, span: slots * 2 ** shift };
      }
    }
  }
  const head = memory.word(root + shape.head);
  if (head === 0n) return;
  if (shape.isNode(head)) yield* below(shape.nodeOf(head), 0, 64, 0, 0n);
  else if (isEntry(head)) yield { index: 0, entry: head, span: 1 };
}

/** The entry at one index; 0 if there is none. */
export function xarrayLoad(objects: Objects, root: VirtAddr, index: number): bigint {
  const shape = shapeOf(objects);
  const { memory } = objects;
  const word = BigInt(memory.format.wordBytes);
  let entry = memory.word(root + shape.head);
  let above = 64;
  while (shape.isNode(entry)) {
    const node = shape.nodeOf(entry);
    const shift = memory.u8(node + BigInt(shape.shift));
    if (shift >= above)
      throw new ChainError(`xarray at ${hex(root)}`, node, 64 - above, `its shift is ${shift}`);
    if (above === 64 && index >= shape.fanOut * 2 ** shift) return 0n;
    const slot = Math.floor(index / 2 ** shift) % shape.fanOut;
    entry = memory.word(node + shape.slots + BigInt(slot) * word);
    // a sibling names the slot of its entry
    if ((entry & 3n) === INTERNAL && entry <= BigInt(shape.fanOut * 4)) {
      entry = memory.word(node + shape.slots + (entry >> 2n) * word);
    }
    above = shift;
  }
  if (above === 64 && index !== 0) return 0n;
  return isEntry(entry) ? entry : 0n;
}

/** Whether an entry continues the entry in another slot (xa_is_sibling). */
function isSiblingOf(entry: bigint, slot: number): boolean {
  return (entry & 3n) === INTERNAL && entry >> 2n === BigInt(slot);
}

/** Whether an entry was stored by a user: not a sibling, retry or zero entry. */
function isEntry(entry: bigint): boolean {
  return entry !== 0n && (entry & 3n) !== INTERNAL;
}

/** The pointer of an entry, without its tag bits; undefined for a value. */
export function pointerOf({ entry }: XarrayEntry): VirtAddr | undefined {
  return (entry & 1n) === 1n ? undefined : entry & ~3n;
}

/** Throws LayoutError if the kernel's types have neither struct. */
export function hasXarray(objects: Objects): boolean {
  try {
    shapeOf(objects);
    return true;
  } catch (error) {
    if (error instanceof LayoutError) return false;
    throw error;
  }
}
