import type { VirtAddr } from '../../core/address.ts';
import { readOr } from '../../core/errors.ts';
import { listNodes } from '../../objects/list.ts';
import type { Objects } from '../../objects/objects.ts';
import { rbNodes } from '../../objects/rbtree.ts';
import { directPfn } from '../allocations.ts';
import { pfnOfPage } from '../claimant.ts';
import { packetBlocks } from '../packet-rings.ts';
import { packets } from '../socket-buffers.ts';
import { heldBy } from './file-holders.ts';
import type { OwnerFinder, OwnerParts } from './kernel-owner.ts';

/** Queues of packets in a socket (include/net/sock.h). */
const QUEUES = ['sk_receive_queue', 'sk_write_queue', 'sk_error_queue'] as const;
/** IPPROTO_TCP, whose packets wait for acknowledgement in a tree (net/ipv4/tcp_output.c). */
const TCP = 6;

/** The processes that have a socket open, for the packets in its queues and for its ring. */
export const socketOwners: OwnerFinder = {
  name: 'sockets',
  find(parts, tell) {
    const { machine, codes } = parts;
    const { objects } = machine;
    const { bySocket, byPacket } = socketsOf(parts);
    const skb = objects.struct('sk_buff');
    for (const { packet, head, fragments } of packets(machine, codes)) {
      const owner = byPacket.get(packet) ?? bySocket.get(skb.word(packet, 'sk'));
      if (owner === undefined) continue;
      for (const { page } of fragments) {
        const pfn = pfnOfPage(machine, page);
        if (pfn !== undefined) tellWhole(parts, owner, pfn, tell);
      }
      const pfn = directPfn(machine, head);
      if (pfn !== undefined) tellWhole(parts, owner, pfn, tell);
    }
    for (const { socket, pfn, count } of packetBlocks(machine)) {
      const owner = bySocket.get(socket);
      if (owner !== undefined) tell(owner, pfn, count);
    }
  },
};

function tellWhole(
  { machine }: OwnerParts,
  owner: string,
  pfn: number,
  tell: Parameters<OwnerFinder['find']>[1],
): void {
  const { head, pages } = machine.compounds.at(pfn) ?? { head: pfn, pages: 1 };
  tell(owner, head, pages);
}

/** In words who holds each open socket, by its struct sock and by the packets in its queues. */
function socketsOf({ machine, holders }: OwnerParts): {
  readonly bySocket: ReadonlyMap<VirtAddr, string>;
  readonly byPacket: ReadonlyMap<VirtAddr, string>;
} {
  const { objects } = machine;
  const file = objects.struct('file');
  const operations = objects.symbol('socket_file_ops');
  const bySocket = new Map<VirtAddr, string>();
  const byPacket = new Map<VirtAddr, string>();
  for (const at of holders.files) {
    if (file.word(at, 'f_op') !== operations) continue;
    const socket = objects.struct('socket').word(file.word(at, 'private_data'), 'sk');
    if (socket === 0n) continue;
    const number = objects.struct('inode').word(file.word(at, 'f_inode'), 'i_ino');
    const owner = heldBy(holders.of(at), `socket:[${number}]`);
    bySocket.set(socket, owner);
    for (const packet of packetsOf(objects, socket)) if (!byPacket.has(packet)) byPacket.set(packet, owner);
  }
  return { bySocket, byPacket };
}

/** The packets in the queues of a socket; a queue that is damaged ends there. */
function packetsOf(objects: Objects, socket: VirtAddr): VirtAddr[] {
  const sock = objects.struct('sock');
  const found: VirtAddr[] = [];
  const take = (packets: () => Iterable<VirtAddr>): void => {
    readOr(undefined, () => {
      for (const packet of packets()) found.push(packet);
    });
  };
  // the links of a packet and of a queue are those of a list
  for (const queue of QUEUES) take(() => listNodes(objects.memory, sock.at(socket, queue)));
  if (sock.number(socket, 'sk_protocol') === TCP && sock.has('tcp_rtx_queue')) {
    const skb = objects.struct('sk_buff');
    const node = skb.has('rbnode') ? skb.offset('rbnode') : 0;
    take(function* () {
      for (const at of rbNodes(objects, sock.at(socket, 'tcp_rtx_queue'))) yield at - BigInt(node);
    });
  }
  return found;
}
