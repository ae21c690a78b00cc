import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';

/** Dumps, and what drgn with full debuginfo reads of them: every struct page as bytes, and where its members are. */
const dumps = process.env.STRUCTPAGE_CORPUS ?? '';
const oracles = process.env.STRUCTPAGE_ORACLES ?? '';
const present = existsSync(dumps) && existsSync(oracles);
if (!present) console.info('the corpus is not here (STRUCTPAGE_CORPUS): its tests are skipped');

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface DrgnLayout {
  readonly platform: string;
  readonly offsets: Record<string, Record<string, readonly number[]>>;
  readonly enums: { readonly pageflags: Record<string, number> };
}

/** Members of struct page that are columns by themselves, with the names that the kernel gives them. */
const WORDS = {
  flags_raw: 'flags',
  lru_next: 'lru',
  mapping: 'mapping',
  index: 'index',
  private: 'private',
  memcg_data: 'memcg_data',
} as const;
const COLUMNS = ['pfn', 'flags', 'head', 'order', ...Object.keys(WORDS), 'lru_prev'];

describe.skipIf(!present)('words, flag names and orders are those that drgn reads', () => {
  test.each(['arm64-4k', 's390x', 'ppc64le-64k'])('%s', (folder) => {
    const csv = join(dir, `${folder}.csv`);
    const ran = structpage(
      'export',
      join(dumps, folder, 'vmcore.elf'),
      '-o',
      csv,
      '--columns',
      COLUMNS.join(),
    );
    expect([ran.code, ran.err]).toEqual([0, '']);
    const layout: DrgnLayout = JSON.parse(readFileSync(join(oracles, folder, 'layout.json'), 'utf8'));
    const little = layout.platform.includes('LITTLE_ENDIAN');
    const bitOf = layout.enums.pageflags;
    const flagBits = (1n << BigInt(bitOf.__NR_PAGEFLAGS!)) - 1n;
    const raw = spawnSync('zstd', ['-dc', join(oracles, folder, 'drgn-raw.txt.zst')], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    expect(raw.status).toBe(0);
    const drgn = new Map<string, readonly string[]>();
    for (const line of raw.stdout.trimEnd().split('\n')) {
      const cells = line.split(' ');
      drgn.set(String(Number.parseInt(cells[0]!, 16)), cells);
    }
    const differ: string[] = [];
    let pages = 0;
    for (const line of readFileSync(csv, 'utf8').trimEnd().split('\n').slice(1)) {
      const row = Object.fromEntries(line.split(',').map((cell, i) => [COLUMNS[i]!, cell]));
      const cells = drgn.get(row.pfn!)!;
      const bytes = Buffer.from(cells[11]!, 'hex');
      const word = (at: number): bigint => (little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
      const same = (column: string, mine: bigint, theirs: bigint): void => {
        if (mine !== theirs)
          differ.push(`pfn ${row.pfn} ${column}: ${mine.toString(16)} ${theirs.toString(16)}`);
      };
      for (const [column, member] of Object.entries(WORDS)) {
        same(column, BigInt(row[column]!), word(layout.offsets['struct page']![member]![0]!));
      }
      same('lru_prev', BigInt(row.lru_prev!), BigInt(`0x${cells[8]}`));
      // a tail keeps the order of its folio in bits of flags; elsewhere each bit has a name, whichever of its names it is
      if (row.head === row.pfn) {
        const named = row.flags!.split('|').filter((name) => name !== '');
        const bits = named.reduce((sum, name) => sum | (1n << BigInt(bitOf[`PG_${name}`]!)), 0n);
        same('flags', bits, word(0) & flagBits);
        const drgnBits = cells[10]!.split('|').filter((name) => name !== '-');
        same(
          'flags by name',
          bits,
          drgnBits.reduce((sum, name) => sum | (1n << BigInt(bitOf[name]!)), 0n),
        );
        // the head flag says that there is a folio, whose order is in the low byte of the next flags word (6.6 and later)
        const next = drgn.get(String(Number(row.pfn) + 1));
        const large = (word(0) >> BigInt(bitOf.PG_head!)) & 1n;
        same('order', BigInt(row.order!), large && next ? BigInt(`0x${next[2]}`) & 0xffn : 0n);
      }
      pages++;
    }
    expect(differ.slice(0, 10)).toEqual([]);
    expect(pages).toBe(drgn.size);
  });
});
