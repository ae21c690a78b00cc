import type { Pfn, VirtAddr } from '../core/address.ts';
import { hlistNodes } from '../objects/hlist.ts';
import { rcuListNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';
import { directPfn } from './allocations.ts';
import type { Claimant, Machine } from './claimant.ts';
import { classCode } from './classes.ts';
import { claimUnknown } from './late-claims.ts';

const MOST_BLOCKS = 2 ** 20;
const MOST_ORDER = 16;

/** A block of the ring of a packet socket. */
export interface PacketBlock {
  /** Address of its struct sock. */
  readonly socket: VirtAddr;
  readonly pfn: Pfn;
  /** Number of pages. */
  readonly count: number;
}

/** Blocks of the rings of packet sockets that no process maps (net/packet/af_packet.c). */
export const packetRings: Claimant = {
  name: 'rings of packet sockets',
  symbols: ['net_namespace_list'],
  claim(machine, claims) {
    const code = classCode('socket', 'packet_ring');
    for (const { pfn, count } of packetBlocks(machine)) claimUnknown(claims, pfn, count, code);
  },
};

/** The blocks of the rings of all packet sockets. */
export function* packetBlocks(machine: Machine): Generator<PacketBlock> {
  const { objects } = machine;
  const ring = objects.find('packet_ring_buffer');
  const block = objects.find('pgv');
  const type = objects.find('packet_sock');
  if (!ring || !block || !type) return;
  for (const socket of packetSockets(objects)) {
    for (const member of ['rx_ring', 'tx_ring']) {
      const own = type.at(socket, member);
      const blocks = ring.word(own, 'pg_vec');
      const count = ring.number(own, 'pg_vec_len');
      const order = ring.number(own, 'pg_vec_order');
      if (blocks === 0n || count > MOST_BLOCKS || order > MOST_ORDER) continue;
      for (let i = 0; i < count; i++) {
        const buffer = block.word(blocks + BigInt(i * block.size), 'buffer');
        const pfn = buffer === 0n ? undefined : directPfn(machine, buffer);
        if (pfn !== undefined) yield { socket, pfn, count: 2 ** order };
      }
    }
  }
}

/** The packet_sock of every packet socket in all network namespaces; each starts with its sock. */
function* packetSockets(objects: Objects): Generator<VirtAddr> {
  const net = objects.find('net');
  const sock = objects.struct('sock');
  const head = objects.findSymbol('net_namespace_list');
  if (!net?.has('packet.sklist') || head === undefined) return;
  for (const node of rcuListNodes(objects.memory, head)) {
    const at = net.container(node, 'list');
    for (const entry of hlistNodes(objects.memory, net.at(at, 'packet.sklist'))) {
      yield sock.container(entry, '__sk_common.skc_node');
    }
  }
}
