import type { VirtAddr } from '../../core/address.ts';
import { readOr } from '../../core/errors.ts';
import type { Objects } from '../../objects/objects.ts';
import type { OwnerFinder } from './kernel-owner.ts';
import { tellByPage } from './page-words.ts';

const LONGEST_NAME = 64;

/** The device that a page pool receives packets for: its network device since 6.8, else the device itself (net/core/page_pool.c). */
export const poolOwners: OwnerFinder = {
  name: 'page pools',
  find(parts, tell) {
    const { objects } = parts.machine;
    const page = objects.struct('page');
    const holder = page.has('pp') ? page : objects.find('netmem_desc');
    if (!holder?.has('pp') || !objects.find('page_pool')) return;
    tellByPage(
      parts,
      'page_pool',
      holder.offset('pp'),
      (pool) => readOr('', () => deviceOf(objects, pool)),
      tell,
    );
  },
};

function deviceOf(objects: Objects, pool: VirtAddr): string {
  const type = objects.struct('page_pool');
  const net = type.has('slow.netdev') ? type.word(pool, 'slow.netdev') : 0n;
  if (net !== 0n) return `network device ${objects.struct('net_device').text(net, 'name')}`;
  const device = type.word(pool, 'p.dev');
  const name = device === 0n ? 0n : objects.struct('device').word(device, 'kobj.name');
  return name === 0n ? '' : `device ${objects.memory.string(name, LONGEST_NAME)}`;
}
