import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SAMPLE, shellLater } from '../cli/run.ts';
import { readParquet } from '../export/parquet-file.ts';
import { S3Server } from './s3-server.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-s3-'));
const PYTHON = process.env.STRUCTPAGE_PYTHON;
const hasMoto =
  PYTHON !== undefined &&
  spawnSync(PYTHON, ['-c', 'import moto.server, pyarrow'], { timeout: 60_000 }).status === 0;
if (!hasMoto) console.info('no Python with moto and pyarrow (STRUCTPAGE_PYTHON): no other S3 is tried');

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_REGION: 'eu-central-1',
};
const snapshot = (to: string, ...more: string[]): ReturnType<typeof shellLater> =>
  shellLater(
    `structpage snapshot ${SAMPLE} --to ${to} --spool ${dir}/spool --host h1 --time 2026-11-21T00:00:00Z ${more.join(' ')}`,
  );
const KEY = (table: string): string => `${table}/date=2026-11-21/host=h1/unknown-20261121T000000Z.parquet`;

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

function stub(url: string): void {
  for (const [name, value] of Object.entries({ ...CREDENTIALS, AWS_ENDPOINT_URL: url }))
    vi.stubEnv(name, value);
}

describe('a bucket', () => {
  const server = new S3Server();
  beforeAll(() => server.listen());
  afterAll(() => server.close());

  test('gets the files of a snapshot, hosts last', async () => {
    stub(server.url);
    const ran = await snapshot('s3://fleet/a/prefix/');
    expect(JSON.parse(ran.out)).toMatchObject({
      store: 's3://fleet/a/prefix',
      files: 4,
      sent: 4,
      spooled: 0,
    });
    const tables = ['pages', 'summary', 'free', 'hosts'];
    expect(server.puts).toEqual(tables.map((table) => `/fleet/a/prefix/${KEY(table)}`));
    expect(await readParquet(server.objects.get(server.puts[0]!)!)).toHaveLength(65_536);
  });

  test('that does not answer leaves the snapshot in the spool, after a while', async () => {
    stub(server.url);
    server.mood = 'down';
    const ran = await snapshot('s3://fleet/away', '--only', 'summary', '--patience', '1');
    expect(JSON.parse(ran.out)).toMatchObject({ sent: 0, spooled: 1 });
    expect(ran.err).toMatch(
      /cannot write s3:\/\/fleet\/away\/.*: it cannot be reached \(ECONNRESET\); the snapshot waits in/,
    );
    expect(ran.err).not.toContain('streaming');
    server.mood = 'ok';
    expect(JSON.parse((await snapshot('s3://fleet/away', '--only', 'summary')).out)).toMatchObject({
      sent: 3,
      spooled: 0,
    });
  });

  test('needs credentials', async () => {
    stub(server.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('HOME', dir);
    const ran = await snapshot('s3://fleet/none', '--only', 'summary');
    expect(JSON.parse(ran.out)).toMatchObject({ sent: 0, spooled: 1 });
    expect(ran.err).toContain('there are no credentials');
  });
});

const READ = `
import json, sys
import pyarrow.dataset as ds
from pyarrow.fs import S3FileSystem
fs = S3FileSystem(access_key='testing', secret_key='testing', region='eu-central-1', endpoint_override=sys.argv[1], scheme='http')
def read(table):
    return ds.dataset('fleet/prod/' + table, filesystem=fs, format='parquet', partitioning='hive').to_table().to_pylist()
rows = {table: read(table) for table in ('hosts', 'summary', 'free')}
rows['pages'] = ds.dataset('fleet/prod/pages', filesystem=fs, format='parquet', partitioning='hive').count_rows()
print(json.dumps(rows, default=str))
`;

describe.skipIf(!hasMoto)('the S3 of moto', () => {
  let moto: ChildProcess;
  let address = '';
  beforeAll(async () => {
    address = `127.0.0.1:${await freePort()}`;
    moto = spawn(PYTHON!, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', address.split(':')[1]!], {
      stdio: 'ignore',
    });
    for (let i = 0; i < 300; i++) {
      const made = await fetch(`http://${address}/fleet`, { method: 'PUT' }).catch(() => undefined);
      if (made?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('moto does not answer');
  }, 60_000);
  afterAll(() => moto?.kill());

  test('holds snapshots that pyarrow reads', { timeout: 120_000 }, async () => {
    stub(`http://${address}`);
    const ran = await snapshot('s3://fleet/prod');
    expect(JSON.parse(ran.out)).toMatchObject({ sent: 4, spooled: 0 });
    const folder = join(dir, 'folder');
    await snapshot(folder);
    const python = spawnSync(PYTHON!, ['-c', READ, address], { encoding: 'utf8', timeout: 60_000 });
    expect([python.status, python.stderr]).toEqual([0, '']);
    const read = JSON.parse(python.stdout) as { pages: number } & Record<string, Record<string, unknown>[]>;
    expect(read.pages).toBe(65_536);
    for (const table of ['hosts', 'summary', 'free']) {
      const own = await readParquet(readFileSync(join(folder, KEY(table))));
      expect(read[table]).toHaveLength(own.length);
      for (const [i, row] of read[table]!.entries()) {
        expect([row.host, String(row.date)]).toEqual(['h1', '2026-11-21']);
        for (const name of ['by', 'name', 'pages', 'zone', 'order', 'blocks']) {
          expect(String(row[name] ?? null)).toBe(String(own[i]![name] ?? null));
        }
      }
    }
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
