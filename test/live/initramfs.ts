import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

/** Files of an initramfs, as a cpio archive of the kind "newc" (Documentation/driver-api/early-userspace/buffer-format.rst). */
export class Initramfs {
  readonly #parts: Buffer[] = [];
  readonly #folders: Set<string> = new Set();
  #inode = 1;

  file(path: string, bytes: Uint8Array | string, mode = 0o644): void {
    const parents = path.split('/').slice(0, -1);
    for (let i = 1; i <= parents.length; i++) this.folder(parents.slice(0, i).join('/'));
    this.#entry(path, S_IFREG | mode, Buffer.from(bytes as Uint8Array));
  }

  folder(path: string): void {
    if (this.#folders.has(path)) return;
    this.#folders.add(path);
    this.#entry(path, S_IFDIR | 0o755, Buffer.alloc(0));
  }

  /** A symbolic link. */
  link(path: string, target: string): void {
    this.#entry(path, S_IFLNK | 0o777, Buffer.from(target));
  }

  /** A character device. */
  device(path: string, major: number, minor: number): void {
    this.#entry(path, S_IFCHR | 0o600, Buffer.alloc(0), [major, minor]);
  }

  /** A folder of this machine with all that is in it, but what `skip` holds for. */
  tree(from: string, to: string, skip: (path: string) => boolean = () => false): void {
    for (const name of readdirSync(from)) {
      const path = join(from, name);
      if (skip(path)) continue;
      if (lstatSync(path).isDirectory()) this.tree(path, `${to}/${name}`, skip);
      else if (lstatSync(path).isFile()) this.file(`${to}/${name}`, readFileSync(path));
    }
  }

  /** A program with the shared libraries that it names. */
  program(path: string, to: string): void {
    const real = realpathSync(path);
    this.file(to, readFileSync(real), 0o755);
    let listed = '';
    try {
      listed = execFileSync('ldd', [real], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
      // statically linked
    }
    for (const [, library] of listed.matchAll(/(\/\S+) \(0x/g)) {
      const target = library!.slice(1);
      if (!this.#folders.has(`file ${target}`)) this.file(target, readFileSync(library!), 0o755);
      this.#folders.add(`file ${target}`);
    }
  }

  bytes(): Buffer {
    this.#entry('TRAILER!!!', 0, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }

  #entry(name: string, mode: number, data: Buffer, device: readonly [number, number] = [0, 0]): void {
    const numbers = [this.#inode++, mode, 0, 0, 1, 0, data.length, 0, 0, ...device, name.length + 1, 0];
    const head = `070701${numbers.map((n) => n.toString(16).padStart(8, '0')).join('')}${name}\0`;
    this.#parts.push(padded(Buffer.from(head, 'latin1')), padded(data));
  }
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}

/** Node, busybox, the built package with what it needs to run, and `script` as what is run in it. */
export function guestFiles(busybox: string, script: string): Initramfs {
  const files = new Initramfs();
  for (const name of ['proc', 'sys', 'dev', 'tmp']) files.folder(name);
  files.program(busybox, 'bin/busybox');
  files.program(process.execPath, 'bin/node');
  files.file('init', readFileSync(new URL('init.sh', import.meta.url)), 0o755);
  files.file('structpage/in-guest.mjs', readFileSync(new URL(script, import.meta.url)));
  files.tree(fileURLToPath(new URL('in-guest', import.meta.url)), 'structpage');
  files.file('structpage/package.json', readFileSync(join(ROOT, 'package.json')));
  for (const name of ['dist', 'layouts']) files.tree(join(ROOT, name), `structpage/${name}`);
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const wanted = [...Object.keys(own.dependencies), '@koromix'];
  // what is only needed to build native modules or to read about them
  const bulky = /koffi\/(vendor|doc)$|\.(map|md|d\.ts)$/;
  for (const name of wanted) {
    files.tree(join(ROOT, 'node_modules', name), `structpage/node_modules/${name}`, (p) => bulky.test(p));
  }
  for (const name of indirect(wanted, own.dependencies)) {
    files.tree(join(ROOT, 'node_modules', name), `structpage/node_modules/${name}`, (p) => bulky.test(p));
  }
  return files;
}

/** What the dependencies depend on. */
function indirect(wanted: readonly string[], direct: Record<string, string>): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    let needs: Record<string, string>;
    try {
      const text = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
      needs = (JSON.parse(text) as { dependencies?: Record<string, string> }).dependencies ?? {};
    } catch {
      return;
    }
    for (const need of Object.keys(needs)) {
      if (found.has(need) || need in direct) continue;
      found.add(need);
      visit(need);
    }
  };
  for (const name of wanted) visit(name);
  return [...found];
}
