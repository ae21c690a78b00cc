import { x86_64 } from '../../src/arch/x86_64.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Place, TypeFacts } from '../../src/layout/type-facts.ts';
import { Objects } from '../../src/objects/objects.ts';
import { AddressSpace } from '../../src/translate/address-space.ts';
import type { PageWalker } from '../../src/translate/page-walk.ts';

/**
 * Types from text, one struct a line: `list_head 16: next 0 8, prev 8 8`. A member is a path, its offset, and its size; with
 * `:shift+width` behind it is a bit field.
 */
export function typesFrom(text: string): TypeFacts {
  const structs = new Map<string, { size: number; members: Map<string, Place> }>();
  for (const line of text.trim().split('\n')) {
    const [head, rest] = line.trim().split(/:\s+/, 2) as [string, string];
    const [name, size] = head.split(' ') as [string, string];
    const members = new Map<string, Place>();
    for (const member of rest.split(/,\s*/)) {
      const [path, offset, width] = member.split(' ') as [string, string, string];
      const [bytes, bits] = width.split(':') as [string, string?];
      const [shift, wide] = (bits ?? '').split('+').map(Number);
      members.set(path, {
        offset: Number(offset),
        size: Number(bytes),
        ...(bits === undefined ? {} : { bits: { shift: shift!, width: wide! } }),
      });
    }
    structs.set(name, { size: Number(size), members });
  }
  return {
    origin: 'a test',
    confidence: 'btf-in-image',
    structSize: (name) => structs.get(name)?.size,
    place: (name, path) => structs.get(name)?.members.get(path),
    enumerators: () => undefined,
  };
}

/** What every container is made of, as kernels of 64 bits have it. */
export const CONTAINER_TYPES = `
  list_head 16: next 0 8, prev 8 8
  rb_node 24: __rb_parent_color 0 8, rb_right 8 8, rb_left 16 8
  rb_root 8: rb_node 0 8
  plist_head 16: node_list 0 16
  plist_node 40: prio 0 4, prio_list 8 16, node_list 24 16
  xarray 16: xa_head 8 8
  xa_node 576: shift 0 1, offset 1 1, slots 40 512
  idr 24: idr_rt 0 16, idr_base 16 4
  maple_tree 16: ma_root 8 8
  maple_range_64 256: pivot 8 120, slot 128 128
  maple_arange_64 256: pivot 8 72, slot 80 80
`;

/** Kernel memory from text: `address: word word ...`, all hexadecimal; words are of 8 bytes, and what is not told is missing. */
export function memoryFrom(text: string, littleEndian = true): Map<bigint, Uint8Array> {
  const pages = new Map<bigint, Uint8Array>();
  for (const line of text.trim().split('\n')) {
    const [address, words] = line.trim().split(/:\s*/, 2) as [string, string];
    let at = BigInt(`0x${address}`);
    for (const word of words.split(/\s+/).filter(Boolean)) {
      const page = at & ~4095n;
      let bytes = pages.get(page);
      if (!bytes) {
        bytes = new Uint8Array(4096);
        pages.set(page, bytes);
      }
      new DataView(bytes.buffer).setBigUint64(Number(at - page), BigInt(`0x${word}`), littleEndian);
      at += 8n;
    }
  }
  return pages;
}

/** The objects of a kernel whose memory, types and symbols are given as text. */
export function objectsFrom(
  memory: string,
  types: string = CONTAINER_TYPES,
  symbols: Record<string, bigint> = {},
): Objects {
  const pages = memoryFrom(memory);
  const walker = {
    smallestPage: 4096,
    tables: { mode: { pageShift: 12 }, architecture: { wordBytes: 8, littleEndian: true } },
    walk: () => ({ steps: [], physical: undefined, pageSize: 0, reason: 'not-mapped' }),
  } as unknown as PageWalker;
  const space = new AddressSpace(
    { runs: [], readInto: () => 0, runAt: (at) => ({ start: at, end: at + 1, state: 'hole' }) },
    walker,
    {
      segments: [],
      readInto(address, target) {
        const bytes = pages.get(address & ~4095n);
        if (!bytes) return 0;
        const start = Number(address & 4095n);
        const part = bytes.subarray(start, start + target.length);
        target.set(part);
        return part.length;
      },
    },
  );
  const kernel = {
    space,
    pageShift: 12,
    pageBytes: 4096,
    architecture: x86_64,
    symbol: (name: string) => symbols[name],
    vmcoreinfo: undefined,
  } as unknown as Kernel;
  return new Objects(kernel, typesFrom(types));
}
