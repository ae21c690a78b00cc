import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMemory, SqlSession } from '../../src/index.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-readers-'));
afterAll(() => rmSync(dir, { recursive: true }));

const FILES = ['none.parquet', 'snappy.parquet', 'zstd.parquet', 'pages.arrow', 'pages.ndjson'];

beforeAll(() => {
  for (const name of FILES) {
    const codec = name.endsWith('.parquet') ? ['--compression', name.split('.')[0]!] : [];
    const columns = ['--columns', '+kpageflags,kpagecount,is_head'];
    expect(structpage('export', SAMPLE, '-o', join(dir, name), ...columns, ...codec).code).toBe(0);
  }
});

test('DuckDB reads every cell of Parquet as it is in SQL', async () => {
  const inspector = await openMemory([SAMPLE]);
  const session = await SqlSession.open([{ inspector, trouble: () => {} }]);
  const ask = async (sql: string): Promise<unknown[][]> => {
    const rows: unknown[][] = [];
    for await (const result of session.run(sql)) {
      for (
        let chunk = await session.next(result);
        chunk && chunk.rowCount > 0;
        chunk = await session.next(result)
      ) {
        rows.push(...chunk.getRows());
      }
    }
    return rows;
  };
  for (const name of FILES.filter((file) => file.endsWith('.parquet'))) {
    const file = `'${join(dir, name)}'`;
    const columns = (await ask(`describe from ${file}`)).map(([column]) => `"${column}"`).join(', ');
    await ask(`create or replace temp table pages_now as select ${columns} from pages`);
    const differing = `select count(*) from (select ${columns} from A except all select ${columns} from B)`;
    const other = differing.replace('A', file).replace('B', 'pages_now');
    expect(await ask(differing.replace('A', 'pages_now').replace('B', file))).toEqual([[0n]]);
    expect(await ask(other)).toEqual([[0n]]);
    // statistics let it skip rows, and must not let it skip these
    expect(await ask(`select pfn from ${file} where pfn = 40000`)).toEqual([[40_000n]]);
  }
  session.close();
  inspector.close();
});

const PYTHON = process.env.STRUCTPAGE_PYTHON;
const SCRIPT = `
import json, sys
import polars, pyarrow, pyarrow.ipc, pyarrow.parquet
folder = sys.argv[1]
rows = [json.loads(line) for line in open(folder + '/pages.ndjson')]
def plain(value, is_text):
    if value == '': return None
    if isinstance(value, str) and value.startswith('0x') and not is_text: return int(value, 16)
    return value
def compare(name, columns, is_text):
    for column, values in columns.items():
        assert len(values) == len(rows), name
        for row, value in zip(rows, values):
            expected = plain(row[column], is_text(column))
            # index is signed in typed formats
            if isinstance(value, int) and value < 0 and isinstance(row[column], str): value += 1 << 64
            assert value == expected, (name, column, row['pfn'], value, expected)
for name in ['none.parquet', 'snappy.parquet', 'zstd.parquet', 'pages.arrow']:
    path = folder + '/' + name
    table = pyarrow.parquet.read_table(path) if name.endswith('t') else pyarrow.ipc.open_file(path).read_all()
    texts = {f.name for f in table.schema if not pyarrow.types.is_integer(f.type)}
    compare('pyarrow ' + name, table.to_pydict(), texts.__contains__)
    frame = polars.read_parquet(path) if name.endswith('t') else polars.read_ipc(path)
    compare('polars ' + name, frame.to_dict(as_series=False), texts.__contains__)
print('all rows')
`;

test.skipIf(PYTHON === undefined)('pyarrow and polars read every cell of Parquet and Arrow', () => {
  const { stdout, stderr } = spawnSync(PYTHON!, ['-c', SCRIPT, dir], { encoding: 'utf8' });
  expect([stderr, stdout]).toEqual(['', 'all rows\n']);
});
