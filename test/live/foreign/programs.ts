import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Initramfs } from '../initramfs.ts';

/** What Perl of any architecture needs: the loader, the libraries that perl-base names, and the pragmas of the script. */
const LIBRARIES = /^(ld[^/]*|libc|libm|libcrypt)\.so(\.\d+)?$/;
const PRAGMAS = ['strict.pm', 'warnings.pm'];

/**
 * An initramfs whose init is a Perl script, with the programs of unpacked packages below `root` (perl-base and its libraries).
 * `modules` are loaded in their order.
 */
export function perlInitramfs(root: string, modules: readonly string[] = []): Buffer {
  const files = new Initramfs();
  for (const name of ['proc', 'sys', 'tmp']) files.folder(name);
  files.folder('dev');
  files.device('dev/console', 5, 1);
  files.file('init', readFileSync(new URL('init.pl', import.meta.url)), 0o755);
  files.file('usr/bin/perl', readFileSync(join(root, 'usr/bin/perl')), 0o755);
  const libraries: string[] = [];
  for (const name of ['lib', 'lib64']) {
    files.link(name, `usr/${name}`);
    for (const path of filesBelow(join(root, 'usr', name))) {
      const last = path.slice(path.lastIndexOf('/') + 1);
      if (LIBRARIES.test(last)) libraries.push(`usr/${name}/${path}`);
      else if (PRAGMAS.some((pragma) => path.endsWith(`/perl-base/${pragma}`)))
        files.file(`usr/${name}/${path}`, readFileSync(join(root, 'usr', name, path)));
    }
  }
  for (const path of libraries) files.file(path, readFileSync(realpathSync(join(root, path))), 0o755);
  for (const path of modules)
    files.file(`modules/${path.slice(path.lastIndexOf('/') + 1)}`, readFileSync(path));
  const order = modules.map((path) => path.slice(path.lastIndexOf('/') + 1)).join('\n');
  if (modules.length > 0) files.file('modules/order', order);
  return files.bytes();
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}
