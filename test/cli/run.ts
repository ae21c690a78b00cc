import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built command. */
export const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** The sample capture of a real kernel 6.12. */
export const SAMPLE: string = fileURLToPath(new URL('../../examples/sample.elf.gz', import.meta.url));

/** What a command printed and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** No cache can be made there: what one test leaves behind must not be what another one sees. */
const NO_CACHE = '/dev/null/cache';

/** Runs the built command as a user would. */
export function structpage(...args: string[]): Ran {
  if (!existsSync(MAIN)) throw new Error('dist/ is not built: npm run build');
  const ran = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { XDG_CACHE_HOME: NO_CACHE, ...process.env },
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

/** Runs it in a shell line, where `structpage` stands for the command. `cwd` is the folder to run it in. */
export function shell(line: string, cwd?: string): Ran {
  const command = `${process.execPath} ${MAIN}`;
  const ran = spawnSync('bash', ['-c', line.replace(/(?<![^ ;|&(])structpage(?= )/g, command)], {
    cwd,
    encoding: 'utf8',
    env: { XDG_CACHE_HOME: NO_CACHE, ...process.env },
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}
