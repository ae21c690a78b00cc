import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sampleBytes } from '../builders/hostile.ts';
import { MAIN, SAMPLE, shell, structpage } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-limits-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('little address space', () => {
  const rows = `export ${SAMPLE} -o - --format csv --columns pfn,type,flags`;

  test.each(['2000000', '3000000', '4000000', '20000000'])('%s KiB is enough', (limit) => {
    const whole = shell(`structpage ${rows} | md5sum`);
    const little = shell(`ulimit -v ${limit}; structpage ${rows} --jobs 3 | md5sum`);
    expect(little).toEqual({ code: 0, out: whole.out, err: '' });
  });

  test('less than that is told', () => {
    const { code, err } = shell(`ulimit -v 850000; structpage summary ${SAMPLE}`);
    // how little is too little depends on Node.js
    expect([0, 4]).toContain(code);
    if (code === 4) expect(err).toContain('ulimit -v');
    expect(err).not.toMatch(/\n +at /);
  });

  test('what is printed and how it ends is the same', () => {
    const wrong = shell(`ulimit -v 4000000; structpage dump ${SAMPLE} --columns none`);
    expect(wrong).toEqual(structpage('dump', SAMPLE, '--columns', 'none'));
    const piped = shell(`ulimit -v 4000000; cat ${SAMPLE} | structpage dump - | head -n 2`);
    expect([piped.code, piped.out.split('\n').length, piped.err]).toEqual([0, 3, '']);
  });

  test('a signal reaches it', async () => {
    const line = `ulimit -v 4000000; exec ${process.execPath} ${MAIN} info -`;
    const child = spawn('bash', ['-c', line], { stdio: ['pipe', 'ignore', 'ignore'] });
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([143, null]);
    child.stdin.destroy();
  });
});

/** Makes a control group that may have so much memory, of either version; undefined where that is not allowed. */
function memoryGroup(bytes: number): string | undefined {
  const name = `structpage-test-${process.pid}`;
  for (const [parent, file] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const group = join(parent, name);
    try {
      mkdirSync(group);
      if (existsSync(join(group, file))) {
        writeFileSync(join(group, file), `${bytes}`);
        return group;
      }
      rmdirSync(group);
    } catch {
      // not there, or not allowed
    }
  }
  return undefined;
}

const group = memoryGroup(256 * 2 ** 20);
afterAll(() => group && rmdirSync(group));

test
  .skipIf(group === undefined)
  .each([
    ['summary'],
    ['export', '-o', '-', '--format', 'csv', '--jobs', '3', '--columns', 'pfn,class,flags'],
    ['owners'],
  ])('a control group of 256 MiB is enough for %s', (command, ...options) => {
  const line = `structpage ${command} ${SAMPLE} ${options.join(' ')} 2>&1`;
  const whole = shell(line);
  expect(shell(`echo $$ > ${group}/cgroup.procs; ${line}`)).toEqual(whole);
});

test('few descriptors are told', () => {
  const { code, err } = shell(`ulimit -n 22; structpage summary ${SAMPLE} --jobs 3`);
  expect([0, 3, 4]).toContain(code);
  expect(err).not.toMatch(/\n +at /);
});

test('a file that shrinks while threads read it', async () => {
  const file = join(dir, 'shrinks.elf');
  for (const [delay, size] of [
    [150, 8_000_000],
    [250, 4_000_000],
    [350, 0],
  ] as const) {
    writeFileSync(file, sampleBytes());
    const child = spawn(process.execPath, [MAIN, 'export', file, '-o', join(dir, 'x.json'), '--jobs', '3'], {
      env: { ...process.env, XDG_CACHE_HOME: '/dev/null/cache' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (text) => {
      err += text;
    });
    setTimeout(() => truncateSync(file, size), delay);
    const [code] = await once(child, 'close');
    expect([0, 3, 4], err).toContain(code);
  }
});
