import type { ByteSource } from '../core/bytes.ts';
import type { OpenContext } from './image-format.ts';

/** A source that lacks bytes in the middle because the underlying file is cut off: a read ends there. */
export interface PartialSource extends ByteSource {
  readonly partial: true;
}

/** The contents of a compressed file, and what was wrong with it, if anything. */
export interface Unwrapped {
  readonly source: ByteSource;
  /** In words, e.g. `gzip-compressed`. */
  readonly how: string;
  readonly warnings: readonly string[];
}

/**
 * SEAM: a compression around a whole dump file. To add one: write a file that exports a `Wrapper`, add it to the list
 * `WRAPPERS` in `registry.ts`, and test it whole and truncated. `unwrap` takes over its source.
 */
export interface Wrapper {
  readonly name: string;
  probe(source: ByteSource): boolean;
  unwrap(source: ByteSource, context: OpenContext): Promise<Unwrapped>;
}
