import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { StructPageError } from '../core/errors.ts';
import { firstMissing, isOwnFolder, readOwnFile, writeNewFile } from './cache-files.ts';
import { parseLayout } from './from-json.ts';
import { formatLayout, type LayoutFile } from './layout-file.ts';
import { WANTED_ENUMS, WANTED_STRUCTS } from './wanted.ts';

/** The BTF from which a cached layout was extracted. */
export interface BtfIdentity {
  /** Offset of the BTF from the start of the kernel's text, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** SHA-256 of all of its bytes, in hexadecimal. */
  readonly digest: string;
}

/** A layout extracted from the types of a kernel, and the bytes that it came from. */
export interface KeptLayout {
  readonly btf: BtfIdentity;
  readonly layout: LayoutFile;
}

/** A cached layout has some 8 KB, and 100 KB as text. */
const MAX_FILE = 1024 * 1024;
const MAX_TEXT = 8 * 1024 * 1024;
const BUILD_ID = /^[0-9a-f]{8,64}$/;

/**
 * The cache of kernel types. A file is found by the build id that a dump claims, but is valid only for the BTF that it was
 * extracted from: the caller compares `btf.digest` with the bytes of the dump, so that one dump cannot affect another.
 * Files are gzip of a line of JSON (the wanted members and the BTF) and the text of a layout file.
 *
 * A file that is incomplete, belongs to another user, or is in a folder that others may write to counts as missing. What
 * cannot be written is not cached. The cache never fails. Complete files are renamed into place, so that several processes
 * may write the same one.
 */
export class LayoutCache {
  readonly #folder: string;

  /** `folder` is created on first use; by default it follows the XDG base directory specification. */
  constructor(folder: string = defaultFolder()) {
    this.#folder = folder;
  }

  /** The cached layout of a build; undefined if there is none, or it cannot be trusted. */
  read(buildId: string): KeptLayout | undefined {
    if (!BUILD_ID.test(buildId)) return undefined;
    try {
      if (!isOwnFolder(this.#folder)) return undefined;
      const path = this.#path(buildId);
      const packed = readOwnFile(path, MAX_FILE);
      if (!packed) return undefined;
      const text = new TextDecoder().decode(gunzipSync(packed, { maxOutputLength: MAX_TEXT }));
      const end = text.indexOf('\n');
      const btf = identityOf(text.slice(0, end));
      if (!btf) return undefined;
      const layout = parseLayout(text.slice(end + 1), path);
      return layout.kernels.some((k) => k.buildId === buildId) ? { btf, layout } : undefined;
    } catch (error) {
      if (isExpected(error)) return undefined;
      throw error;
    }
  }

  /** Caches the types of a build; does nothing if that is not possible. */
  write(buildId: string, { btf, layout }: KeptLayout): void {
    if (!BUILD_ID.test(buildId)) return;
    const head = JSON.stringify({ wanted: wanted(), ...btf });
    try {
      if (!makeFolder(this.#folder)) return;
      const temporary = writeNewFile(
        this.#folder,
        gzipSync(`${head}\n${formatLayout(layout)}`, { level: 1 }),
      );
      try {
        renameSync(temporary, this.#path(buildId));
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
    } catch (error) {
      if (!isExpected(error)) throw error;
    }
  }

  #path(buildId: string): string {
    return join(this.#folder, `${buildId}.layout.gz`);
  }
}

/** SHA-256 of consecutive pieces, in hexadecimal. */
export function digestOf(pieces: Iterable<Uint8Array | string>): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** The wanted members change from one release of structpage to the next. */
function wanted(): string {
  return digestOf([JSON.stringify([WANTED_STRUCTS, WANTED_ENUMS])]);
}

function identityOf(line: string): BtfIdentity | undefined {
  const { wanted: sought, offset, length, digest } = JSON.parse(line) as Record<string, unknown>;
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  if (sought !== wanted() || !whole(offset) || !whole(length)) return undefined;
  return typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest) ? { offset, length, digest } : undefined;
}

/**
 * Creates a folder and its parents; false if it is not exclusively ours. It creates them one by one, since `recursive`
 * makes Node loop forever in a file system that takes no folders, such as /proc.
 */
function makeFolder(path: string): boolean {
  for (let missing = firstMissing(path); missing !== undefined; missing = firstMissing(path)) {
    if (!isOwnFolder(dirname(missing), true)) return false;
    try {
      mkdirSync(missing, { mode: 0o700 });
    } catch (error) {
      // another process may have been faster
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return isOwnFolder(path);
}

function defaultFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'structpage');
}

function isExpected(error: unknown): boolean {
  if (error instanceof StructPageError || error instanceof SyntaxError) return true;
  return typeof (error as NodeJS.ErrnoException).code === 'string';
}
