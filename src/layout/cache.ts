import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { StructPageError } from '../core/errors.ts';
import { parseLayout } from './from-json.ts';
import { formatLayout, type LayoutFile } from './layout-file.ts';
import { WANTED_ENUMS, WANTED_STRUCTS } from './wanted.ts';

/**
 * Types of kernels that were met before, by build id: files of the form of layouts/ behind a line that tells what was
 * looked for, in gzip, whose checksum tells damage. What is not whole is no more than absent, and what cannot be written is not
 * kept: a cache never fails. Files appear under their name when they are whole, so that several processes may keep the
 * same one at the same time.
 */
export class LayoutCache {
  readonly #folder: string;

  /** `folder` is made when there is something to be kept; by default that of the XDG base directory specification. */
  constructor(folder: string = defaultFolder()) {
    this.#folder = folder;
  }

  /** The types of a build; undefined if they were not kept, or are damaged. */
  read(buildId: string): LayoutFile | undefined {
    try {
      const path = this.#path(buildId);
      const text = new TextDecoder().decode(gunzipSync(readFileSync(path)));
      if (!text.startsWith(`${WANTED}\n`)) return undefined;
      const file = parseLayout(text.slice(WANTED.length + 1), path);
      return file.kernels.some((k) => k.buildId === buildId) ? file : undefined;
    } catch (error) {
      if (error instanceof StructPageError || isSystemError(error)) return undefined;
      throw error;
    }
  }

  /** Keeps the types of a build; nothing is said if that cannot be. */
  write(buildId: string, file: LayoutFile): void {
    const path = this.#path(buildId);
    const temporary = `${path}.${process.pid}.tmp`;
    const text = `${WANTED}\n${formatLayout(file)}`;
    try {
      makeFolder(this.#folder);
      writeFileSync(temporary, gzipSync(text, { level: 1 }), { mode: 0o600 });
      renameSync(temporary, path);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      try {
        rmSync(temporary, { force: true });
      } catch {
        // there is no such folder: nothing is there to be removed
      }
    }
  }

  #path(buildId: string): string {
    return join(this.#folder, `${buildId}.layout.gz`);
  }
}

/** One folder after the other: with `recursive`, Node never ends where the file system takes no folders, as /proc. */
function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      // another process may have been faster
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function defaultFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'structpage');
}

/** What is taken out of types changes from one release of structpage to the next. */
const WANTED: string = JSON.stringify([WANTED_STRUCTS, WANTED_ENUMS]);

function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string' && !(error instanceof StructPageError);
}
