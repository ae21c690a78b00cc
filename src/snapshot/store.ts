import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { DirectoryStore } from './directory-store.ts';
import { S3Store } from './s3-store.ts';

/** Where snapshots are collected. */
export interface Store {
  /** Its folder or address. */
  readonly name: string;
  /** The folder, for a store that is one. */
  readonly folder?: string;
  /**
   * Prepares for `put`. `isKnown` tells whether earlier runs have written to this store. Throws OutputError if it cannot be
   * reached.
   */
  open(isKnown: boolean): Promise<void>;
  /**
   * Puts a file under a path of the store; it appears there as a whole, or not at all. The same file may be put again. May move the file. Throws
   * OutputError.
   */
  put(path: string, file: string): Promise<void>;
  close(): void;
}

/** Finds a store by its name: a folder, or s3://bucket/prefix, which is tried for `patience` milliseconds. Throws UsageError. */
export function storeAt(to: string, patience: number): Store {
  if (to === '') throw new UsageError('--to needs a folder or s3://bucket/prefix');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(to)?.[1]?.toLowerCase();
  if (scheme === 's3') return new S3Store(to, patience);
  if (scheme !== undefined) {
    throw new UsageError(`'${to}' is not a store: --to takes a folder or s3://bucket/prefix`);
  }
  return new DirectoryStore(resolve(to));
}

/** A short name for a store, the same at each run. */
export function storeKey({ name }: Store): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 12);
}
