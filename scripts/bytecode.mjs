// Runs commands on the sample, so that the functions that they need are kept as bytecode beside the scripts of the command.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOOK = fileURLToPath(new URL('keep-bytecode.cjs', import.meta.url));

/** Each goes on with what those before it left. The first one has to find the types of the kernel, the others meet them again. */
const RUNS = [
  ['dump', '--limit', '5'],
  ['dump', '--pfn', '4145-4164', '--where', 'flags has lru', '--format', 'csv'],
  ['summary'],
  ['page', '4159'],
  ['slab'],
  ['snapshot', '--host', 'sample', '--to', 'STORE', '--spool', 'STORE'],
];
/** The sample lacks most objects of the kernel, which is told by 3. */
const EXPECTED = [0, 3];

/** Writes `NAME.js.ARCH-VERSION.bytecode` beside each script in `folder`. Throws if a run fails. */
export function keepBytecode(folder, sample) {
  const cache = mkdtempSync(join(tmpdir(), 'structpage-build-'));
  const store = join(cache, 'store');
  try {
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.js') && name !== 'main.js');
    const kept = scripts.map((name) => join(folder, `${name}.${process.arch}-${process.version}.bytecode`));
    for (const path of kept) writeFileSync(path, '');
    for (const [command, ...options] of RUNS) {
      const args = [
        '-r',
        HOOK,
        join(folder, 'main.js'),
        command,
        sample,
        ...options.map((option) => (option === 'STORE' ? store : option)),
      ];
      const env = { ...process.env, XDG_CACHE_HOME: cache };
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
      if (!EXPECTED.includes(status)) throw new Error(`${command} ends with ${status}: ${stderr}`);
    }
    for (const path of kept.filter((path) => statSync(path).size === 0)) rmSync(path);
  } finally {
    rmSync(cache, { recursive: true });
  }
}
