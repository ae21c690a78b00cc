import { execFile, spawnSync } from 'node:child_process';
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
  const ran = spawnSync('bash', ['-c', withCommand(line)], {
    cwd,
    encoding: 'utf8',
    env: { XDG_CACHE_HOME: NO_CACHE, ...process.env },
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

/** Like `shell`, beside others. */
export function shellLater(line: string, cwd?: string): Promise<Ran> {
  const env = { XDG_CACHE_HOME: NO_CACHE, ...process.env };
  return new Promise((resolve) => {
    execFile('bash', ['-c', withCommand(line)], { cwd, env, maxBuffer: 1 << 28 }, (error, out, err) =>
      resolve({ code: error ? (error.code as unknown as number) : 0, out, err }),
    );
  });
}

function withCommand(line: string): string {
  return line.replace(/(?<![^ ;|&(])structpage(?= )/g, `${process.execPath} ${MAIN}`);
}

/** An example as a command on the sample; undefined for one that reads this machine, or names a file that only its reader has. */
export function onSample(line: string): string | undefined {
  const command = line.replace(/\s+#.*$/, '');
  if (!/^structpage .*\bvmcore\b/.test(command) || /\b[A-Z]{3,}\b/.test(command.replace(/'[^']*'/g, ''))) {
    return undefined;
  }
  return command.replace(/\bvmcore\b/g, SAMPLE);
}
