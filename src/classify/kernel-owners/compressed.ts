import { readOr } from '../../core/errors.ts';
import type { OwnerFinder } from './kernel-owner.ts';
import { tellByPage } from './page-words.ts';

const LONGEST_NAME = 64;

/**
 * The pool that a page of zsmalloc belongs to, by its name: the zram device, or zswap's. Its `private` names the zspage, and that
 * names the pool since 5.18 (mm/zsmalloc.c). Both types are in the module.
 */
export const compressedOwners: OwnerFinder = {
  name: 'pools of zsmalloc',
  find(parts, tell) {
    const { objects } = parts.machine;
    const own = objects.find('zspage') ? objects : objects.ofModule('zsmalloc');
    const [zspage, pool] = [own?.find('zspage'), own?.find('zs_pool')];
    if (!zspage?.has('pool') || !pool?.has('name')) return;
    const nameOf = (at: bigint): string =>
      readOr('', () => {
        const name = pool.word(zspage.word(at, 'pool'), 'name');
        return name === 0n ? '' : objects.memory.string(name, LONGEST_NAME);
      });
    tellByPage(parts, 'zsmalloc', objects.struct('page').offset('private'), nameOf, tell);
  },
};
