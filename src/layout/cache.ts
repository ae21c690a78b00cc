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

/** The BTF that a kept layout was taken out of. */
export interface BtfIdentity {
  /** Bytes from the start of the kernel's text to that of the BTF. */
  readonly offset: number;
  readonly length: number;
  /** SHA-256 of all of its bytes, in hexadecimal digits. */
  readonly digest: string;
}

/** What was taken out of the types of a kernel, and out of which bytes. */
export interface KeptLayout {
  readonly btf: BtfIdentity;
  readonly layout: LayoutFile;
}

/** A kept layout has some 8 KB, and 100 KB of text. */
const MAX_FILE = 1024 * 1024;
const MAX_TEXT = 8 * 1024 * 1024;
const BUILD_ID = /^[0-9a-f]{8,64}$/;

/**
 * Types of kernels that were met before. A file is found by the build id that a dump claims, and holds only for the very BTF
 * that it was taken out of: whoever reads it compares `btf.digest` with the bytes of the dump at hand, so that no dump
 * can tell anything of another. Files are gzip, of a line of JSON (what was looked for, and the BTF) and the text of a layout file.
 *
 * What is not whole, not of this user, or in a folder that others may write to is no more than absent, and what cannot be
 * written is not kept: a cache never fails. Files appear under their name when they are whole, so that several
 * processes may keep the same one at the same time.
 */
export class LayoutCache {
  readonly #folder: string;

  /** `folder` is made when there is something to be kept; by default that of the XDG base directory specification. */
  constructor(folder: string = defaultFolder()) {
    this.#folder = folder;
  }

  /** What was kept of a build; undefined if that is nothing, or cannot be believed. */
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

  /** Keeps the types of a build; nothing is said if that cannot be. */
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

/** SHA-256 of pieces one after the other, in hexadecimal digits. */
export function digestOf(pieces: Iterable<Uint8Array | string>): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** What is taken out of types changes from one release of structpage to the next. */
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
 * Makes a folder and those that lead to it; false if it is not ours alone. One after the other: with `recursive`, Node never
 * ends where the file system takes no folders, as /proc.
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
