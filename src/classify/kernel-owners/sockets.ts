import type { Pfn, VirtAddr } from '../../core/address.ts';
import { readOr } from '../../core/errors.ts';
import { listNodes } from '../../objects/list.ts';
import type { Objects } from '../../objects/objects.ts';
import { rbNodes } from '../../objects/rbtree.ts';
import { directPfn } from '../allocations.ts';
import { pfnOfPage } from '../claimant.ts';
import { packetBlocks } from '../packet-rings.ts';
import { packets } from '../socket-buffers.ts';
import { type FileHolders, heldBy } from './file-holders.ts';
import type { OwnerFinder } from './kernel-owner.ts';

/** Queues of packets in a socket (include/net/sock.h). */
const QUEUES = ['sk_receive_queue', 'sk_write_queue', 'sk_error_queue'] as const;
/** IPPROTO_TCP, whose packets wait for acknowledgement in a tree (net/ipv4/tcp_output.c). */
const TCP = 6;

/** The processes that have sockets open, in words: `web[214] socket:[5120]`. */
export class SocketUsers {
  readonly #objects: Objects;
  readonly #bySocket: Map<VirtAddr, string> = new Map();
  readonly #byPacket: Map<VirtAddr, string> = new Map();

  constructor(objects: Objects, holders: FileHolders) {
    this.#objects = objects;
    const file = objects.struct('file');
    const operations = objects.symbol('socket_file_ops');
    for (const at of holders.files) {
      if (file.word(at, 'f_op') !== operations) continue;
      const socket = objects.struct('socket').word(file.word(at, 'private_data'), 'sk');
      if (socket === 0n) continue;
      const number = objects.struct('inode').word(file.word(at, 'f_inode'), 'i_ino');
      const owner = heldBy(holders.of(at), `socket:[${number}]`);
      this.#bySocket.set(socket, owner);
      for (const packet of packetsOf(objects, socket)) {
        if (!this.#byPacket.has(packet)) this.#byPacket.set(packet, owner);
      }
    }
  }

  /** Who has the socket open in whose queues a sk_buff is, or that it is charged to. */
  of(packet: VirtAddr): string | undefined {
    return this.#byPacket.get(packet) ?? this.ofSocket(this.#objects.struct('sk_buff').word(packet, 'sk'));
  }

  /** Who has a socket open, by its struct sock. */
  ofSocket(socket: VirtAddr): string | undefined {
    return this.#bySocket.get(socket);
  }
}

/** The processes that have a socket open, for the packets in its queues and for its ring. */
export const socketOwners: OwnerFinder = {
  name: 'sockets',
  find({ machine, codes, holders }, tell) {
    const users = new SocketUsers(machine.objects, holders);
    const tellWhole = (owner: string, pfn: Pfn | undefined): void => {
      if (pfn === undefined) return;
      const { head, pages } = machine.compounds.at(pfn) ?? { head: pfn, pages: 1 };
      tell(owner, head, pages);
    };
    for (const { packet, head, fragments } of packets(machine, codes)) {
      const owner = users.of(packet);
      if (owner === undefined) continue;
      for (const { page } of fragments) tellWhole(owner, pfnOfPage(machine, page));
      tellWhole(owner, directPfn(machine, head));
    }
    for (const { socket, pfn, count } of packetBlocks(machine)) {
      const owner = users.ofSocket(socket);
      if (owner !== undefined) tell(owner, pfn, count);
    }
  },
};

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
