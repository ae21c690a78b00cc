import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { MAIN, SAMPLE, structpage } from '../cli/run.ts';

interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ended: Promise<{ readonly code: number | null; readonly err: string }>;
}

const servers: Server[] = [];
afterEach(() => {
  for (const { child } of servers.splice(0)) child.kill('SIGKILL');
});

/** Starts the command on a port that is free. */
async function serve(...args: readonly string[]): Promise<Server> {
  const child = spawn(
    process.execPath,
    [MAIN, 'watch', SAMPLE, '--no-cache', '--metrics', '--listen', '127.0.0.1:0', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let err = '';
  const ended = new Promise<{ code: number | null; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, err }));
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      const [, at] = /listening on (http\S+)/.exec(err) ?? [];
      if (at !== undefined) resolve(at);
    });
    void ended.then(({ code }) => reject(new Error(`ended with ${code}: ${err}`)));
  });
  const server = { child, url, ended };
  servers.push(server);
  return server;
}

describe('metrics over HTTP', () => {
  test('are served again and again, to several at a time, until SIGTERM', async () => {
    const { child, url, ended } = await serve();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(url)));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    for (const [i, answer] of answers.entries()) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(
        'application/openmetrics-text; version=1.0.0; charset=utf-8',
      );
      expect(texts[i]).toBe(texts[0]);
      expect(texts[i]!.endsWith('\n# EOF\n')).toBe(true);
    }
    const uses = (text: string): string[] =>
      text.split('\n').filter((line) => line.startsWith('structpage_use_bytes'));
    const once = structpage('watch', SAMPLE, '--metrics').out;
    expect(uses(texts[0]!)).toEqual(uses(once));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(uses(await (await fetch(url)).text())).toEqual(uses(once));
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, err: `structpage: listening on ${url}\n` });
    await expect(fetch(url)).rejects.toThrow();
  });

  test('are at one path, for GET and HEAD', async () => {
    const { url } = await serve();
    const of = async (path: string, method = 'GET'): Promise<[number, string]> => {
      const answer = await fetch(new URL(path, url), { method });
      return [answer.status, await answer.text()];
    };
    expect((await of('/metrics?x=1'))[0]).toBe(200);
    expect(await of('/metrics', 'HEAD')).toEqual([200, '']);
    expect(await of('/')).toEqual([404, 'The metrics are at /metrics.\n']);
    expect(await of('/metrics', 'POST')).toEqual([405, 'Only GET and HEAD are answered.\n']);
  });

  test('a port in use is a plain sentence', async () => {
    const { url } = await serve();
    const { port } = new URL(url);
    const { code, out, err } = structpage('watch', SAMPLE, '--metrics', '--listen', port);
    expect([code, out]).toEqual([3, '']);
    expect(err).toBe(`structpage: cannot listen on 127.0.0.1 port ${port}: another program listens there\n`);
  });

  test.each(['SIGINT', 'SIGHUP'] as const)(
    'end by %s, also with a client that says nothing',
    async (signal) => {
      const { child, url, ended } = await serve();
      const { connect } = await import('node:net');
      const silent = connect(Number(new URL(url).port), '127.0.0.1');
      await new Promise((resolve) => silent.on('connect', resolve));
      child.kill(signal);
      expect((await ended).code).toBe(0);
      silent.destroy();
    },
  );
});
