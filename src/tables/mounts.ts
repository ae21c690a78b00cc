import { StructPageError } from '../core/errors.ts';
import { superBlocks } from '../objects/super-blocks.ts';
import { FileNames } from '../owners/file-names.ts';
import { mountsOf } from '../owners/mounts.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Mounted filesystems in all namespaces (fs/namespace.c). */
export const mounts: TableDefinition = defineTable({
  name: 'mounts',
  help: 'mounted filesystems',
  columns: [
    { name: 'mount', kind: 'word', help: 'address of its struct mount' },
    { name: 'dev', kind: 'name', help: 'device: major and minor number in hexadecimal' },
    { name: 'type', kind: 'name', help: 'type of the filesystem' },
    { name: 'source', kind: 'name', mayBeEmpty: true, help: 'what is mounted' },
    { name: 'root', kind: 'name', help: 'directory of the filesystem that is mounted; / for all of it' },
    { name: 'namespace', kind: 'name', help: 'initial, other, or kernel: seen by no process' },
    { name: 'path', kind: 'name', mayBeEmpty: true, help: 'where it is mounted' },
  ],
  *rows({ objects }, trouble) {
    const files = new FileNames(objects, trouble);
    const mount = objects.struct('mount');
    const block = objects.struct('super_block');
    for (const { address, type } of superBlocks(objects)) {
      try {
        for (const each of mountsOf(objects, address)) {
          const source = mount.word(each.address, 'mnt_devname');
          const dev = block.number(address, 's_dev');
          const { root, path } = files.ofMount(each);
          yield {
            mount: each.address,
            dev: `${(dev >>> 20).toString(16).padStart(2, '0')}:${(dev & 0xfffff).toString(16).padStart(2, '0')}`,
            type,
            source: source === 0n ? undefined : objects.memory.string(source),
            root,
            namespace: each.isInternal ? 'kernel' : each.isInitial ? 'initial' : 'other',
            path: each.isInternal ? undefined : path,
          };
        }
      } catch (error) {
        if (!(error instanceof StructPageError)) throw error;
        trouble(`cannot read all mounts of a filesystem of type ${type}: ${error.message}`);
      }
    }
  },
});
