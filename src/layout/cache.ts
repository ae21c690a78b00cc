import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { StructPageError } from '../core/errors.ts';
import { firstMissing, isOwnFolder, readOwnFile, writeNewFile } from './cache-files.ts';
import { parseLayout } from './from-json.ts';
import { formatLayout, type LayoutFile } from './layout-file.ts';
import { WANTED_ENUMS, WANTED_STRUCTS } from './wanted.ts';

/** A layout extracted from the types of a kernel, and the BTF that it came from. */
export interface KeptLayout {
  readonly btf: {
    /** Offset of the BTF from the start of the kernel's text, in bytes. */
    readonly offset: number;
    /** All of its bytes. */
    readonly bytes: Uint8Array;
  };
  readonly layout: LayoutFile;
}

/** The BTF of a kernel has some 6 MB, a layout 100 KB. */
const MAX_FILE = 32 * 1024 * 1024;
const MAX_HEAD = 64 * 1024;
const BUILD_ID = /^[0-9a-f]{8,64}$/;
const NEW_LINE = 0x0a;

/**
 * The cache of kernel types. A file is found by the build id that a dump claims, but is valid only for the BTF that it was
 * extracted from: the caller compares `btf.bytes` with those of the dump, so that one dump cannot affect another. Comparing
 * them takes a fraction of the time that a digest would.
 * Files are a line of JSON (the wanted members and two lengths), the text of a layout file, the same once more, which shows
 * damage, and the BTF.
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
      const bytes = readOwnFile(path, MAX_FILE);
      if (!bytes) return undefined;
      const file = Buffer.from(bytes.buffer, 0, bytes.length);
      const end = file.subarray(0, MAX_HEAD).indexOf(NEW_LINE);
      const head = headOf(file.toString('utf8', 0, Math.max(0, end)));
      if (!head) return undefined;
      const [copy, start] = [end + 1 + head.text, end + 1 + 2 * head.text];
      const text = file.subarray(end + 1, copy);
      if (start + head.length !== file.length || text.compare(file, copy, start) !== 0) return undefined;
      const layout = parseLayout(text.toString(), path);
      if (!layout.kernels.some((k) => k.buildId === buildId)) return undefined;
      return { btf: { offset: head.offset, bytes: file.subarray(start) }, layout };
    } catch (error) {
      if (isExpected(error)) return undefined;
      throw error;
    }
  }

  /** Caches the types of a build; does nothing if that is not possible. */
  write(buildId: string, { btf, layout }: KeptLayout): void {
    if (!BUILD_ID.test(buildId)) return;
    const { offset, bytes } = btf;
    try {
      if (!makeFolder(this.#folder)) return;
      const text = Buffer.from(formatLayout(layout));
      const head = { wanted: wanted(), offset, length: bytes.length, text: text.length };
      const temporary = writeNewFile(
        this.#folder,
        Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), text, text, bytes]),
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
    return join(this.#folder, `${buildId}.types`);
  }
}

interface Head {
  readonly offset: number;
  readonly length: number;
  readonly text: number;
}

function headOf(line: string): Head | undefined {
  const { wanted: sought, offset, length, text } = JSON.parse(line) as Record<string, unknown>;
  if (sought !== wanted() || ![offset, length, text].every(isWhole)) return undefined;
  return { offset, length, text } as Head;
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** The wanted members, which change from one release of structpage to the next. */
function wanted(): string {
  return JSON.stringify([WANTED_STRUCTS, WANTED_ENUMS]);
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
