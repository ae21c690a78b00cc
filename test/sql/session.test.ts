import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import {
  COLUMNS,
  type Inspector,
  openMemory,
  openTable,
  pageTable,
  SqlSession,
  TABLES,
} from '../../src/index.ts';
import { SAMPLE } from '../cli/run.ts';
import { typedRows } from '../export/typed-rows.ts';

let memory: Inspector;
let session: SqlSession;

beforeAll(async () => {
  memory = await openMemory([SAMPLE]);
  session = await SqlSession.open([{ inspector: memory, trouble: () => {} }]);
});

afterAll(() => {
  session.close();
  memory.close();
});

/** The rows of the last statement. */
async function ask(sql: string): Promise<unknown[][]> {
  let rows: unknown[][] = [];
  for await (const result of session.run(sql)) {
    rows = [];
    for (
      let chunk = await session.next(result);
      chunk && chunk.rowCount > 0;
      chunk = await session.next(result)
    ) {
      rows.push(...chunk.getRows());
    }
  }
  return rows;
}

describe('rows', () => {
  test('every column of pages, as the library has it', async () => {
    // what takes objects that the sample lacks is tried elsewhere
    const columns = COLUMNS.filter((c) => !c.needsMap && c.name !== 'state').map((c) => c.name);
    const pfns = [{ start: 30_000, end: 36_000 }];
    const where = 'pfn >= 30000 and pfn < 36000';
    const names = columns.map((name) => `"${name}"`).join(', ');
    expect(await ask(`select ${names} from pages where ${where}`)).toEqual(
      await typedRows(pageTable(memory, { columns, pfns })),
    );
  });

  test('only the columns that are asked for, in any order', async () => {
    const columns = ['zone', 'mapping', 'pfn'] as const;
    expect(await ask('select zone, mapping, pfn from pages limit 3000')).toEqual(
      await typedRows(pageTable(memory, { columns, limit: 3000 })),
    );
  });

  test('counts and groups', async () => {
    expect(await ask('select count(*) from pages')).toEqual([[65_536n]]);
    const groups = await ask('select type, count(*) from pages group by all order by all');
    expect(groups).toEqual([
      ['buddy', 11_495n],
      ['table', 113n],
      ['hugetlb', 4096n],
      ['slab', 2905n],
      [null, 46_927n],
    ]);
  });

  test.each(['zones', 'sections', 'free_blocks'])('the table %s', async (name) => {
    const definition = TABLES.find((t) => t.name === name)!;
    expect(await ask(`from ${name}`)).toEqual(await typedRows(openTable(memory, definition)));
  });

  test('every table is there, and can be described', async () => {
    for (const { name, columns } of [
      ...TABLES,
      { name: 'slab_caches', columns: TABLES.find((t) => t.name === 'slab')!.columns },
    ]) {
      const described = await ask(`describe ${name}`);
      expect(described.map(([column]) => column)).toEqual(columns.map((c) => c.name));
    }
  });

  test('names that are known are enumerations', async () => {
    const [types] = await ask(
      'select typeof(type), typeof(zone), typeof(slab_cache), typeof(flags_raw) from pages limit 1',
    );
    expect(types).toEqual([
      expect.stringMatching(/^ENUM\('buddy', /),
      expect.stringMatching(/^ENUM\('DMA', 'DMA32', .*'\?7'\)$/),
      'VARCHAR',
      'UBIGINT',
    ]);
  });
});

describe('functions', () => {
  test('has_flag', async () => {
    const counted = await typedRows(pageTable(memory, { columns: ['pfn'], where: 'flags has dirty' }));
    expect(await ask("select count(*) from pages where has_flag(flags, 'dirty')")).toEqual([
      [BigInt(counted.length)],
    ]);
    expect(await ask("select count(*) from pages where not has_flag(flags, 'dirty')")).toEqual([
      [BigInt(65_536 - counted.length)],
    ]);
    await expect(ask("select has_flag(flags, 'dirt') from pages")).rejects.toThrow("there is no flag 'dirt'");
  });

  test('pfn_of takes addresses of struct pages, of memory, and of nothing', async () => {
    expect(await ask('select count(*) from pages where pfn_of(page) = pfn and pfn_of(phys) = pfn')).toEqual([
      [65_536n],
    ]);
    expect(await ask('select pfn_of(18446744073709551615), pfn_of(null)')).toEqual([[null, null]]);
  });
});

describe('mistakes', () => {
  test.each([
    ['selec 1', /^Parser Error: syntax error at or near "selec"\n.*LINE 1: selec 1\n +\^$/s],
    ['select tpye from pages', /^Binder Error: Referenced column "tpye" not found/],
    ['from nothing', /^Catalog Error: Table with name nothing does not exist/],
    ["select 'x'::int", /^Conversion Error/],
  ])('%s', async (sql, message) => {
    const error = await ask(sql).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(message);
  });

  test('the session goes on after one', async () => {
    await expect(ask('selec')).rejects.toThrow(UsageError);
    expect(await ask('select 1; select 2')).toEqual([[2]]);
  });
});

test('several dumps are schemas', async () => {
  const other = await openMemory([SAMPLE]);
  const both = await SqlSession.open([
    { name: 'a', inspector: memory, trouble: () => {} },
    { name: 'b', inspector: other, trouble: () => {} },
  ]);
  const rows: unknown[][] = [];
  for await (const result of both.run(
    'select count(*), count(b.pfn_of(b.page)) from a.pages a join b.pages b using (pfn, flags_raw)',
  )) {
    rows.push(...((await both.next(result))?.getRows() ?? []));
  }
  expect(rows).toEqual([[65_536n, 65_536n]]);
  both.close();
  other.close();
});
