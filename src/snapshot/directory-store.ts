import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { OutputError } from '../core/errors.ts';
import { explained } from '../core/write-faults.ts';
import { checkRoom } from './disk.ts';
import type { Store } from './store.ts';

/** Marks a folder as a store, so that a mount point without its file system is not taken for one. Readers leave out names with _. */
const MARK = '_structpage';
/** Where files lie that are not complete; readers leave out names with a dot. */
const PARTS = '.parts';

/** A store that is a folder. */
export class DirectoryStore implements Store {
  readonly name: string;
  readonly folder: string;

  constructor(folder: string) {
    this.name = folder;
    this.folder = folder;
  }

  async open(isKnown: boolean): Promise<void> {
    try {
      const mark = join(this.folder, MARK);
      if (existsSync(mark)) return;
      if (isKnown) this.#checkMark();
      mkdirSync(this.folder, { recursive: true });
      closeSync(openSync(mark, 'a'));
    } catch (error) {
      throw explained(error, this.folder);
    }
    this.#removeParts();
  }

  async put(path: string, file: string): Promise<void> {
    const target = join(this.folder, path);
    try {
      this.#makeFolders(dirname(path));
      if (statSync(file).dev === statSync(dirname(target)).dev) renameSync(file, target);
      else this.#copy(file, target);
      syncFolder(dirname(target));
    } catch (error) {
      throw explained(error, target);
    }
  }

  close(): void {}

  /** Creates the folders of a path, but not the store: its file system may have gone. */
  #makeFolders(path: string): void {
    this.#checkMark();
    let folder = this.folder;
    for (const part of path.split('/')) {
      folder = join(folder, part);
      if (!existsSync(folder)) makeFolder(folder);
    }
  }

  #checkMark(): void {
    if (existsSync(join(this.folder, MARK))) return;
    throw new OutputError(
      `${this.folder} is not the store of earlier runs: it lacks the file ${MARK}. Is its file system mounted?`,
    );
  }

  /** Copies a file to another file system, and renames it there. */
  #copy(file: string, target: string): void {
    checkRoom(this.folder, statSync(file).size);
    const parts = join(this.folder, PARTS);
    mkdirSync(parts, { recursive: true });
    const part = join(parts, `${hostname()}-${process.pid}.tmp`);
    try {
      copyFileSync(file, part);
      syncFile(part);
      renameSync(part, target);
    } catch (error) {
      rmSync(part, { force: true });
      throw error;
    }
  }

  /** Removes what killed processes of this machine have left behind. */
  #removeParts(): void {
    const parts = join(this.folder, PARTS);
    if (!existsSync(parts)) return;
    const own = `${hostname()}-`;
    for (const name of readdirSync(parts)) {
      const pid = name.startsWith(own) ? /^(\d+)\.tmp$/.exec(name.slice(own.length))?.[1] : undefined;
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(parts, name), { force: true });
    }
  }
}

/** Creates a folder, unless another process does at the same time. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Makes sure that the contents of a file are on the disk. */
export function syncFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes sure that the names in a folder are on the disk, where the file system can tell. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } catch {
    // not every file system syncs folders
  } finally {
    closeSync(fd);
  }
}
