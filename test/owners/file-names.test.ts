import { describe, expect, test } from 'vitest';
import { FileNames } from '../../src/owners/file-names.ts';
import { CONTAINER_TYPES, objectsFrom } from '../builders/kernel-objects.ts';

/** As much of the types of 6.12 as names take, without padding. */
const TYPES = `${CONTAINER_TYPES.trim()}
  inode 24: i_dentry 0 8, i_ino 8 8, i_sb 16 8
  hlist_bl_node 16: next 0 8, pprev 8 8
  dentry 80: d_hash 0 16, d_parent 16 8, d_name 24 16, d_inode 40 8, d_sb 48 8, d_alias 56 16
  qstr 16: hash 0 8, name 8 8
  super_block 40: s_mounts 0 16, s_root 16 8, s_type 24 8, s_dev 32 4
  file_system_type 8: name 0 8
  vfsmount 16: mnt_root 0 8, mnt_sb 8 8
  mount 72: mnt_parent 0 8, mnt_mountpoint 8 8, mnt 16 16, mnt_instance 32 16, mnt_ns 48 8, mnt_id 56 4
  task_struct 8: nsproxy 0 8
  nsproxy 8: mnt_ns 0 8
`;
const SYMBOLS = { init_task: 0x9000n };
const word = (text: string): string =>
  Buffer.from(text.padEnd(8, '\0'), 'latin1').readBigUInt64LE().toString(16);

/** A dentry: `pprev` is 0 once it was unlinked. */
function dentry(at: number, parent: number, name: number, alias = '0', pprev = 1): string {
  return `${at.toString(16)}: 0 ${pprev} ${parent.toString(16)} 0 ${name.toString(16)} 5000 1000 ${alias} 0 0`;
}

/** One filesystem at /, with a directory `etc` and a file `passwd` in it; `change` is put over it. */
function nameOf(change = ''): { name: string | undefined; troubles: string[] } {
  const memory = `
    1000: 2020 2020 4000 1100
    1100: 1200
    1200: ${word('ramfs')}
    2000: 2000 4000 4000 1000 1000 1000 8888 1
    3000: ${word('/')}
    3100: ${word('etc')}
    3200: ${word('passwd')}
    ${dentry(0x4000, 0x4000, 0x3000)}
    ${dentry(0x4100, 0x4000, 0x3100)}
    ${dentry(0x4200, 0x4100, 0x3200)}
    5000: 4238 7 1000
    9000: 9100
    9100: 8888
${change}`;
  const troubles: string[] = [];
  const files = new FileNames(objectsFrom(memory.replace(/\n\s*\n/g, '\n'), TYPES, SYMBOLS), (sentence) =>
    troubles.push(sentence),
  );
  return { name: files.ofInode(0x5000n), troubles };
}

describe('the name of a file by its inode', () => {
  test('is its path from the root', () => {
    expect(nameOf()).toEqual({ name: '/etc/passwd', troubles: [] });
  });

  test('tells that it was unlinked', () => {
    expect(nameOf(dentry(0x4200, 0x4100, 0x3200, '0', 0)).name).toBe('/etc/passwd (deleted)');
  });

  test('is not there without a dentry', () => {
    expect(nameOf('5000: 0 7 1000')).toEqual({ name: undefined, troubles: [] });
  });

  test('ends with a reason where directories lead to each other', () => {
    const { name, troubles } = nameOf(dentry(0x4100, 0x4200, 0x3100));
    expect(name).toBeUndefined();
    expect(troubles).toEqual([expect.stringContaining('it has no root')]);
  });

  test('ends with a reason where links of an inode go round', () => {
    const { name, troubles } = nameOf(dentry(0x4200, 0x4100, 0x3200, '4238', 0));
    expect(name).toBeUndefined();
    expect(troubles).toEqual([expect.stringMatching(/hlist at 0x5000.*4238/)]);
  });

  test('ends with a reason where mounts lead to each other', () => {
    const { name, troubles } = nameOf(`
      2000: 2100 4000 4000 1000 1000 1000 8888 1
      2100: 2000 4000 4000 1000 0 0 8888 2`);
    expect(name).toBeUndefined();
    expect(troubles).toEqual([expect.stringContaining('they have no root')]);
  });

  test('ends with a reason where memory is lost', () => {
    const { name, troubles } = nameOf(dentry(0x4100, 0x700000, 0x3100));
    expect(name).toBeUndefined();
    expect(troubles).toEqual([expect.stringContaining('0x700000')]);
  });
});
