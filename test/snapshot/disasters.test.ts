import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parseSnapshotPath } from '../../src/snapshot/paths.ts';
import { MAIN, type Ran, SAMPLE, shellLater, structpage } from '../cli/run.ts';
import { readParquet } from '../export/parquet-file.ts';
import { type Mood, S3Server } from './s3-server.ts';

const isAsked = process.env.STRUCTPAGE_STORES !== undefined;
if (!isAsked) console.info('STRUCTPAGE_STORES is not set: failing stores are not tried');

const dir = mkdtempSync(join(tmpdir(), 'structpage-disasters-'));
const mounted: string[] = [];
afterAll(() => {
  for (const at of mounted) execFileSync('umount', ['-l', at]);
  rmSync(dir, { recursive: true });
  vi.unstubAllEnvs();
});

const HOSTS = ['h0', 'h1', 'h2', 'h3', 'h4'];
const TABLES = ['free', 'hosts', 'pages', 'summary'];
const timeOf = (round: number): string => `2026-11-21T0${round}:00:00Z`;

/** All hosts at once, and one of them twice. */
function all(store: string, spool: string, round: number): Promise<Ran[]> {
  const line = (host: string): string =>
    `structpage snapshot ${SAMPLE} --to ${store} --spool ${spool} --host ${host} --time ${timeOf(round)} --top 0 --no-classes --columns pfn,flags,type --patience 1`;
  return Promise.all([...HOSTS, 'h0'].map((host) => shellLater(line(host))));
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.parquet'),
  );
}

/** What was said, by the runs that were not refused by the lock. */
function said(ran: readonly Ran[]): { sent: number; spooled: number }[] {
  for (const { code, err } of ran) {
    expect([0, 75], err).toContain(code);
    if (code === 75) expect(err).toContain('is already running');
  }
  const own = ran.filter(({ code }) => code === 0);
  expect(own.length).toBeGreaterThanOrEqual(HOSTS.length);
  return own.map(({ out }) => JSON.parse(out) as { sent: number; spooled: number });
}

/** Every table of every host has a file for each round, and no other. */
function expectAll(paths: readonly string[], rounds: number): void {
  const expected = HOSTS.flatMap((host) =>
    Array.from({ length: rounds }, (_, round) =>
      TABLES.map((table) => `${table} ${host} ${timeOf(round)}`),
    ).flat(),
  );
  const found = paths.map((path) => {
    const { table, host, time } = parseSnapshotPath(path)!;
    return `${table} ${host} ${new Date(time).toISOString().replace('.000', '')}`;
  });
  expect(found.sort()).toEqual(expected.sort());
}

/** Reads what a folder shows, again and again: each file must be whole, and stay as it is but for the time that a run took. */
class Reader {
  readonly #folder: string;
  readonly #seen: Map<string, number> = new Map();
  readonly #timer: NodeJS.Timeout;
  #busy = false;
  looks = 0;
  readonly faults: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.#timer = setInterval(() => void this.#look(), 20);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.looks++;
    for (const table of TABLES) {
      for (const path of this.#list(join(this.#folder, table))) {
        const full = join(this.#folder, table, path);
        try {
          const bytes = readFileSync(full);
          if (this.#seen.get(full) === bytes.length) continue;
          const rows = await readParquet(bytes);
          if (table === 'pages' && rows.length !== 65_536)
            this.faults.push(`${full} has ${rows.length} rows`);
          this.#seen.set(full, bytes.length);
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code !== 'ENOENT' && code !== 'ENOTDIR') this.faults.push(`${full}: ${error}`);
        }
      }
    }
    this.#busy = false;
  }

  #list(folder: string): string[] {
    try {
      return filesIn(folder);
    } catch {
      return [];
    }
  }
}

describe.skipIf(!isAsked)('five hosts at once', () => {
  test('lose nothing in a folder that is away, or full', { timeout: 300_000 }, async () => {
    const home = mkdtempSync(join(dir, 'folder-'));
    const [store, spool] = [join(home, 'store'), join(home, 'spool')];
    // a file system of its own, which can be full
    const made = spawnSync('bash', [
      '-c',
      `mkdir ${home}/disk && mount -t tmpfs -o size=3m none ${home}/disk`,
    ]);
    const isSmall = made.status === 0;
    if (isSmall) mounted.push(join(home, 'disk'));
    const place = isSmall ? join(home, 'disk', 'store') : join(home, 'place');
    execFileSync('bash', ['-c', `mkdir -p ${place} && ln -s ${place} ${store}`]);
    const reader = new Reader(store);
    expect(said(await all(store, spool, 0)).every(({ spooled }) => spooled === 0)).toBe(true);

    renameSync(store, `${store}.away`);
    writeFileSync(store, 'another file');
    for (const { sent, spooled } of said(await all(store, spool, 1))) expect([sent, spooled]).toEqual([0, 1]);
    rmSync(store);
    execFileSync('mkdir', [store]);
    for (const { sent, spooled } of said(await all(store, spool, 2))) expect([sent, spooled]).toEqual([0, 2]);
    rmSync(store, { recursive: true });
    renameSync(`${store}.away`, store);

    let rounds = 3;
    if (isSmall) {
      spawnSync('dd', ['if=/dev/zero', `of=${home}/disk/ballast`, 'bs=4k'], { stdio: 'ignore' });
      for (const { spooled } of said(await all(store, spool, rounds++))) expect(spooled).toBe(3);
      rmSync(join(home, 'disk/ballast'));
    }
    // away in the middle of a run
    const [ran] = await Promise.all([
      all(store, spool, rounds++),
      (async () => {
        for (let i = 0; i < 6; i++) {
          await new Promise((resolve) => setTimeout(resolve, 150));
          renameSync(store, `${store}.away`);
          await new Promise((resolve) => setTimeout(resolve, 150));
          renameSync(`${store}.away`, store);
        }
      })(),
    ]);
    said(ran);
    expect(said(await all(store, spool, rounds++)).every(({ spooled }) => spooled === 0)).toBe(true);
    reader.stop();
    expect(reader.faults).toEqual([]);
    expect(reader.looks).toBeGreaterThan(20);
    expectAll(
      TABLES.flatMap((table) => filesIn(join(store, table)).map((path) => `${table}/${path}`)),
      rounds,
    );
    expect(filesIn(spool)).toEqual([]);
    expect(filesIn(join(place, '.parts'))).toEqual([]);
  });

  test('lose nothing in a bucket that is away, full, busy or slow', { timeout: 300_000 }, async () => {
    const server = new S3Server();
    await server.listen();
    vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDSECRETID');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'verysecretkey');
    vi.stubEnv('AWS_SESSION_TOKEN', 'verysecrettoken');
    const spool = mkdtempSync(join(dir, 'bucket-'));
    const moods: readonly Mood[] = ['ok', 'down', 'slow', 'full', 'busy', 'ok'];
    for (const [round, mood] of moods.entries()) {
      server.mood = mood;
      const ran = await all('s3://fleet/prod', spool, round);
      const results = said(ran);
      if (mood === 'ok') expect(results.every(({ spooled }) => spooled === 0)).toBe(true);
      if (mood === 'down' || mood === 'full')
        expect(results.every(({ sent, spooled }) => sent === 0 && spooled > 0)).toBe(true);
      for (const { out, err } of ran) expect(out + err).not.toMatch(/AKIDSECRETID|verysecret/);
    }
    server.close();
    const paths = [...server.objects.keys()].map((key) => key.replace('/fleet/prod/', ''));
    expectAll(paths, moods.length);
    // a second run of the same second may tell another duration
    expect(server.changed.filter((key) => !key.includes('/hosts/'))).toEqual([]);
    for (const [i, key] of server.puts.entries()) {
      if (!key.includes('/hosts/') || server.puts.indexOf(key) !== i) continue;
      for (const table of ['pages', 'summary', 'free']) {
        expect(server.puts.slice(0, i)).toContain(key.replace('/hosts/', `/${table}/`));
      }
    }
    for (const [key, bytes] of server.objects) {
      const rows = await readParquet(bytes);
      if (key.includes('/pages/')) expect(rows).toHaveLength(65_536);
    }
    expect(filesIn(spool)).toEqual([]);
    expect(server.headers[0]).toMatchObject({ 'x-amz-security-token': 'verysecrettoken' });
  });
});

test('a second run ends while the first one runs, and takes over when it was killed', async () => {
  const home = mkdtempSync(join(dir, 'lock-'));
  const [store, spool] = [join(home, 'store'), join(home, 'spool')];
  const args = [
    'snapshot',
    SAMPLE,
    '--to',
    store,
    '--spool',
    spool,
    '--host',
    'h',
    '--top',
    '0',
    '--no-classes',
    '--columns',
    'pfn,type',
  ];
  const first = spawn(process.execPath, [MAIN, ...args, '--max-cpu', '1'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => first.once('exit', resolve));
  const lock = (): string => {
    const [own] = existsSync(spool) ? readdirSync(spool) : [];
    return own !== undefined && existsSync(join(spool, own, 'lock'))
      ? readFileSync(join(spool, own, 'lock'), 'utf8')
      : '';
  };
  while (!lock().includes(`process ${first.pid} `)) await new Promise((resolve) => setTimeout(resolve, 20));
  const second = structpage(...args);
  expect([second.code, second.out]).toEqual([75, '']);
  expect(second.err).toContain(`a snapshot of h to ${store} is already running (process ${first.pid} since`);
  // another host is not in the way
  expect(structpage(...args.with(7, 'other')).code).toBe(0);
  first.kill('SIGKILL');
  await ended;
  const third = structpage(...args);
  expect([third.code, JSON.parse(third.out)]).toMatchObject([0, { sent: 4, spooled: 0 }]);
});
