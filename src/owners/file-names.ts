import type { VirtAddr } from '../core/address.ts';
import { readOr, StructPageError } from '../core/errors.ts';
import { hlistNodes } from '../objects/hlist.ts';
import type { Objects } from '../objects/objects.ts';
import { ChainError } from '../objects/walk.ts';
import { type Mount, mountsOf } from './mounts.ts';

/** Maximum depth of directories; more are damage (PATH_MAX is 4096). */
const MOST_PARTS = 2048;
const MOST_MOUNTS_UP = 256;
const MOST_ALIASES = 64;
const LONGEST_PART = 256;
const DELETED = ' (deleted)';

/**
 * Names of files by inode: a path from the root of the first mount that has it, with ` (deleted)` after an unlinked one.
 * Files of the kernel's own mounts have a name without a path: `memfd:blob`, `SYSV0000abcd`.
 */
export class FileNames {
  readonly #objects: Objects;
  readonly #trouble: (sentence: string) => void;
  readonly #byInode: Map<VirtAddr, string | undefined> = new Map();
  readonly #byFile: Map<VirtAddr, string | undefined> = new Map();
  readonly #mounts: Map<VirtAddr, readonly Mount[]> = new Map();
  #troubles = 0;

  constructor(objects: Objects, trouble: (sentence: string) => void) {
    this.#objects = objects;
    this.#trouble = trouble;
  }

  /** The name of the file behind a struct file; undefined if it has none. */
  ofFile(file: VirtAddr): string | undefined {
    return this.#kept(this.#byFile, file, 'the name of an open file', () => {
      const path = this.#pathOf(file);
      const type = this.#objects.struct('path');
      const dentry = type.word(path, 'dentry');
      return dentry === 0n ? undefined : this.#ofDentry(dentry, type.word(path, 'mnt'));
    });
  }

  /** The inode that a process sees behind a struct file; on overlayfs that of the overlay, if the file knows it. */
  inodeOfFile(file: VirtAddr): VirtAddr {
    const seen = this.#userPath(file);
    if (seen === undefined) return this.#objects.struct('file').word(file, 'f_inode');
    return this.#objects.struct('dentry').word(this.#objects.struct('path').word(seen, 'dentry'), 'd_inode');
  }

  /** Address of the struct path by which a process opened a file. */
  #pathOf(file: VirtAddr): VirtAddr {
    return this.#userPath(file) ?? this.#objects.struct('file').at(file, ['f_path', '__f_path']);
  }

  /**
   * The path by which a process opened a file on overlayfs, if `file` is that of the lower layer (struct backing_file,
   * since 6.5). The bit of f_mode for such files has changed over time, so the path must prove itself.
   */
  #userPath(file: VirtAddr): VirtAddr | undefined {
    const backing = this.#objects.find('backing_file');
    if (!backing?.has('user_path') || !backing.has('file')) return undefined;
    const path = backing.at(backing.container(file, 'file'), 'user_path');
    return readOr(undefined, () => (this.#isPath(path) ? path : undefined));
  }

  /** Whether the mount and the dentry of a struct path belong to one filesystem. */
  #isPath(path: VirtAddr): boolean {
    const type = this.#objects.struct('path');
    const [mount, dentry] = [type.word(path, 'mnt'), type.word(path, 'dentry')];
    if (mount === 0n || dentry === 0n) return false;
    const block = this.#objects.struct('vfsmount').word(mount, 'mnt_sb');
    return block !== 0n && block === this.#objects.struct('dentry').word(dentry, 'd_sb');
  }

  /** A name of an inode; undefined if none of its dentries is in memory. */
  ofInode(inode: VirtAddr): string | undefined {
    return this.#kept(this.#byInode, inode, 'the name of a file', () => {
      const { memory } = this.#objects;
      const dentry = this.#objects.struct('dentry');
      const head = this.#objects.struct('inode').at(inode, 'i_dentry');
      let deleted: string | undefined;
      let met = 0;
      for (const node of hlistNodes(memory, head)) {
        const name = this.#ofDentry(dentry.container(node, ['d_alias', 'd_u.d_alias']));
        if (name !== undefined && !name.endsWith(DELETED)) return name;
        deleted ??= name;
        if (++met === MOST_ALIASES) break;
      }
      return deleted;
    });
  }

  /** All names of an inode: by each of its links, through each mount that shows it. */
  namesOf(inode: VirtAddr): string[] {
    const found = new Set<string>();
    const dentry = this.#objects.struct('dentry');
    const head = this.#objects.struct('inode').at(inode, 'i_dentry');
    this.#tried('the names of a file', () => {
      for (const node of hlistNodes(this.#objects.memory, head)) {
        for (const name of this.#names(dentry.container(node, ['d_alias', 'd_u.d_alias']))) found.add(name);
        if (found.size >= MOST_ALIASES) break;
      }
    });
    return [...found];
  }

  /** The directory that a mount shows, and the path of the mount. */
  ofMount(mount: Mount): { readonly root: string; readonly path: string } {
    const path = (parts: readonly string[] | undefined): string => `/${(parts ?? []).join('/')}`;
    return { root: path(this.#below(mount.root, undefined)), path: path(this.#placeOf(mount)) };
  }

  /** `through` is the struct vfsmount through which it was opened, if any. */
  #ofDentry(dentry: VirtAddr, through = 0n): string | undefined {
    for (const name of this.#names(dentry, through)) return name;
    return undefined;
  }

  /** Every name of a dentry, best first. */
  *#names(dentry: VirtAddr, through = 0n): Generator<string> {
    const type = this.#objects.struct('dentry');
    const block = type.word(dentry, 'd_sb');
    const isRoot = type.word(dentry, 'd_parent') === dentry;
    const unhashed =
      !isRoot && this.#objects.struct('hlist_bl_node').word(type.at(dentry, 'd_hash'), 'pprev') === 0n;
    const suffix = unhashed ? DELETED : '';
    const shown = this.#mountsOf(block).filter((m) => !m.isInternal);
    if (shown.length === 0) {
      const special = SPECIAL[this.#filesystemOf(block)];
      const name = this.#nameOf(dentry);
      if (special) yield special(name, this.#numberOf(dentry));
      else if (name !== '' && !(isRoot && name === '/')) yield name + suffix;
      return;
    }
    const own = this.#objects.struct('mount');
    const isThrough = (m: Mount): boolean => through !== 0n && own.at(m.address, 'mnt') === through;
    let met = false;
    for (const mount of [...shown.filter(isThrough), ...shown]) {
      const below = this.#below(dentry, mount.root);
      if (below === undefined) continue;
      met = true;
      yield `/${[...this.#placeOf(mount), ...below].join('/')}${suffix}`;
    }
    if (!met) yield `/${(this.#below(dentry, undefined) ?? []).join('/')}${suffix}`;
  }

  /**
   * The path from `root` to a dentry; undefined if the dentry is not below it. Without a root, from the root of its
   * filesystem.
   */
  #below(dentry: VirtAddr, root: VirtAddr | undefined): string[] | undefined {
    const type = this.#objects.struct('dentry');
    const parts: string[] = [];
    for (let at = dentry; at !== root; ) {
      const parent = type.word(at, 'd_parent');
      if (parent === at || parent === 0n) return root === undefined ? parts : undefined;
      parts.unshift(this.#nameOf(at));
      if (parts.length > MOST_PARTS)
        throw new ChainError('path of a file', dentry, parts.length, 'it has no root');
      at = parent;
    }
    return parts;
  }

  /** The path from the root of the namespace to a mount. */
  #placeOf(mount: Mount): string[] {
    const type = this.#objects.struct('mount');
    const own = this.#objects.struct('vfsmount');
    const parts: string[] = [];
    let { address, parent, mountpoint } = mount;
    for (let met = 0; parent !== address; met++) {
      if (met > MOST_MOUNTS_UP)
        throw new ChainError('mounts above a file', mount.address, met, 'they have no root');
      const root = own.word(type.at(parent, 'mnt'), 'mnt_root');
      parts.unshift(...(this.#below(mountpoint, root) ?? []));
      address = parent;
      mountpoint = type.word(address, 'mnt_mountpoint');
      parent = type.word(address, 'mnt_parent');
    }
    return parts;
  }

  #mountsOf(block: VirtAddr): readonly Mount[] {
    let mounts = this.#mounts.get(block);
    if (!mounts) {
      mounts = [...mountsOf(this.#objects, block)].sort(byPreference);
      this.#mounts.set(block, mounts);
    }
    return mounts;
  }

  /** The type of a filesystem. */
  #filesystemOf(block: VirtAddr): string {
    const type = this.#objects.struct('super_block').word(block, 's_type');
    const name = type === 0n ? 0n : this.#objects.struct('file_system_type').word(type, 'name');
    return name === 0n ? '' : this.#objects.memory.string(name, LONGEST_PART);
  }

  /** The inode number behind a dentry. */
  #numberOf(dentry: VirtAddr): bigint {
    const inode = this.#objects.struct('dentry').word(dentry, 'd_inode');
    return inode === 0n ? 0n : this.#objects.struct('inode').word(inode, 'i_ino');
  }

  #nameOf(dentry: VirtAddr): string {
    const type = this.#objects.struct('dentry');
    const qstr = this.#objects.struct('qstr');
    const name = type.at(dentry, ['d_name', '__d_name']);
    const bytes = this.#objects.memory.string(qstr.word(name, 'name'), LONGEST_PART);
    return Buffer.from(bytes, 'latin1').toString('utf8');
  }

  /** The result of `find`; reports once what it cannot read. */
  #tried<T>(what: string, find: () => T): T | undefined {
    try {
      return find();
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      // one sentence is enough: where one name is lost, many are
      if (this.#troubles++ === 0) this.#trouble(`${what} cannot be read: ${error.message}`);
      return undefined;
    }
  }

  #kept(
    known: Map<VirtAddr, string | undefined>,
    key: VirtAddr,
    what: string,
    find: () => string | undefined,
  ): string | undefined {
    if (known.has(key)) return known.get(key);
    const name = this.#tried(what, find);
    known.set(key, name);
    return name;
  }
}

/** The names of files on the kernel's own filesystems (d_dname of net/socket.c, fs/pipe.c, fs/anon_inodes.c). */
const SPECIAL: Readonly<Record<string, (name: string, inode: bigint) => string>> = {
  sockfs: (_, inode) => `socket:[${inode}]`,
  pipefs: (_, inode) => `pipe:[${inode}]`,
  anon_inodefs: (name) => `anon_inode:${name}`,
};

/**
 * Order of mounts: those of the first namespace before those of containers, whole filesystems before parts, older ones
 * first.
 */
function byPreference(a: Mount, b: Mount): number {
  return Number(b.isInitial) - Number(a.isInitial) || Number(b.isWhole) - Number(a.isWhole) || a.id - b.id;
}
