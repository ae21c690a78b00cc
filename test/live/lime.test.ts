import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COLUMNS, exporterOf, exportRows, type Inspector, openMemory, type Range } from '../../src/index.ts';
import { KERNELS, kernels, missing, runGuest, which } from './guest.ts';
import { Initramfs } from './initramfs.ts';
import { Monitor } from './monitor.ts';

const release = missing() === undefined ? kernels(['6.1']).at(-1) : undefined;
const module = join(KERNELS, release ?? '', 'lime.ko');
const why = release === undefined ? 'no kernel 6.1' : existsSync(module) ? undefined : `no ${module}`;
if (why !== undefined && missing() === undefined) {
  const remedy = 'test/live/fetch-lime.sh, after fetch-kernels.sh, builds LiME for it';
  process.stderr.write(`dumps by LiME are not tested: ${why} (${remedy})\n`);
}

const MIB = 2 ** 20;
const MEMORY = 192;
const RAM_PAGES = (MEMORY * MIB) / 4096;
const FORMATS = ['raw', 'padded', 'lime'] as const;
const HEADER = 32;
/** The largest free block, in pages: what the first of them says, the others' rows tell. */
const BLOCK = 1024;
/** More of the guest's pages than ever changed between LiME and the dump after it: 5 in 100 do, LiME's page cache. */
const MOST_CHANGED = 0.1;

let folder: string;
const at = (name: string): string => join(folder, name);
const disk = (format: string): string => at(`disk-${format}`);

/** All there is to say about the struct pages of a dump. */
interface Pages {
  readonly bytes: Buffer;
  /** The lines of the CSV of all columns. */
  readonly rows: readonly string[];
  readonly size: number;
}

describe.skipIf(why !== undefined)('a guest that LiME has written to disks', () => {
  /** System RAM, as the guest's /proc/iomem says. */
  let ram: Range[];
  let truth: Pages;
  let total: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'structpage-lime-'));
    const iomem = await boot();
    ram = [...iomem.matchAll(/([0-9a-f]+)-([0-9a-f]+) : System RAM/g)].map(([, first, last]) => ({
      start: Number.parseInt(first!, 16),
      end: Number.parseInt(last!, 16) + 1,
    }));
    expect(ram.length, iomem).toBeGreaterThan(1);
    const elf = await openMemory(at('vmcore'));
    truth = await pagesOf(elf);
    total = elf.presentPages;
    expect(total).toBeGreaterThanOrEqual(RAM_PAGES);
    elf.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('format=lime has the System RAM and the pages of the dump right after', async () => {
    const length = ram.reduce((sum, { start, end }) => sum + HEADER + end - start, 0);
    truncateSync(disk('lime'), length);
    const inspector = await openMemory(disk('lime'));
    expect(inspector.image.format).toBe('LiME');
    expect(present(inspector)).toEqual(ram);
    await same(inspector);
  });

  test('format=padded is a raw image with the pages of the dump right after', async () => {
    truncateSync(disk('padded'), ram.at(-1)!.end);
    const inspector = await openMemory(disk('padded'));
    expect(present(inspector)).toEqual([{ start: 0, end: ram.at(-1)!.end }]);
    await same(inspector);
  });

  test('format=raw, cut into its ranges, has the System RAM and the pages of the dump right after', async () => {
    let from = 0;
    const pieces = ram.map(({ start, end }) => {
      const piece = at(`piece.${start.toString(16)}`);
      copy(disk('raw'), from, end - start, piece);
      from += end - start;
      return piece;
    });
    const inspector = await openMemory(pieces);
    expect(present(inspector)).toEqual(ram);
    await same(inspector);
  });

  /**
   * The guest ran on between the two dumps. But a row tells of nothing but its struct page, the head of its folio and, in a free
   * block, the first page of that: where these have not changed, the rows must be equal.
   */
  async function same(inspector: Inspector): Promise<void> {
    expect(inspector.warnings).toEqual([]);
    expect(inspector.kernel.release).toBe(release);
    expect(inspector.presentPages).toBe(total);
    const pages = await pagesOf(inspector);
    inspector.close();
    expect(pages.rows.length).toBe(truth.rows.length);
    expect(pages.bytes.length).toBe(truth.bytes.length);
    const { size } = truth;
    const equal = truth.rows.map((_, i) => {
      const end = (i + 1) * size;
      return pages.bytes.compare(truth.bytes, i * size, end, i * size, end) === 0;
    });
    const changed = equal.filter((is) => !is).length;
    expect(changed / RAM_PAGES, `${changed} of ${RAM_PAGES} changed`).toBeLessThan(MOST_CHANGED);
    let compared = 0;
    for (const [i, row] of truth.rows.entries()) {
      const other = pages.rows[i]!;
      const blockOf = [row, other].some((text) => cell(text, 'type') === 'buddy') ? i - (i % BLOCK) : i;
      const heads = [row, other].map((text) => Number(cell(text, 'head')));
      if (!heads.every((head) => equal[head]) || !equal.slice(blockOf, i + 1).every(Boolean)) continue;
      compared++;
      if (row !== other) expect(other).toBe(row);
    }
    expect(total - compared, `${compared} of ${total} compared`).toBeLessThan(2 * MOST_CHANGED * RAM_PAGES);
  }
});

/** Boots, lets LiME write, and dumps the guest when it is done. Returns the System RAM of its /proc/iomem. */
async function boot(): Promise<string> {
  const files = new Initramfs();
  for (const name of ['proc', 'sys', 'dev', 'tmp']) files.folder(name);
  files.program(which('busybox')!, 'bin/busybox');
  files.file('init', readFileSync(new URL('init-lime.sh', import.meta.url)), 0o755);
  files.file('lime.ko', readFileSync(module));
  writeFileSync(at('initrd'), files.bytes());
  const disks = FORMATS.flatMap((format, i) => {
    writeFileSync(disk(format), '');
    truncateSync(disk(format), (MEMORY + 1) * MIB);
    return [
      ...['-drive', `file=${disk(format)},format=raw,if=none,id=disk${i},cache=unsafe`],
      ...['-device', `nvme,drive=disk${i},serial=${format}`],
    ];
  });
  const run = await runGuest(release!, {
    scenario: 'lime',
    memory: `${MEMORY}M`,
    initrd: at('initrd'),
    qemu: [...disks, '-qmp', `unix:${at('qmp')},server=on,wait=off`],
    async onResult(name, value) {
      if (name !== 'ram') return expect(value, `insmod lime.ko format=${name}`).toBe(0);
      const monitor = new Monitor(at('qmp'));
      await monitor.dump(at('vmcore'), 'elf');
      monitor.quit();
    },
  });
  expect(Object.keys(run.results), run.console.slice(-2000)).toEqual([...FORMATS, 'ram']);
  return run.results.ram;
}

/** What a page is for, and whom it belongs to, is told by other memory, which changed in the moment between. */
const COMPARED: readonly string[] = COLUMNS.filter((c) => !c.needsMap).map((c) => c.name);

async function pagesOf(inspector: Inspector): Promise<Pages> {
  const parts: Buffer[] = [];
  const selection = { columns: COMPARED };
  await exportRows(
    inspector,
    { selection, exporter: exporterOf('csv')!, options: { header: false } },
    async (part) => {
      parts.push(Buffer.from(part as Uint8Array));
    },
  );
  const rows = Buffer.concat(parts).toString('latin1').trimEnd().split('\n');
  expect(cell(rows.at(-1)!, 'pfn')).toBe(`${rows.length - 1}`);
  const { bytes } = inspector.reader.read(0, rows.length);
  return { bytes: Buffer.from(bytes), rows, size: inspector.model.pageSize };
}

function cell(row: string, name: string): string {
  return row.split(',')[COMPARED.indexOf(name)]!;
}

function present(inspector: Inspector): Range[] {
  const runs = [...inspector.image.memory.runs].filter((run) => run.state === 'present');
  return runs.map(({ start, end }) => ({ start, end }));
}

function copy(path: string, from: number, length: number, to: string): void {
  const bytes = Buffer.alloc(length);
  const fd = openSync(path, 'r');
  readSync(fd, bytes, 0, length, from);
  closeSync(fd);
  writeFileSync(to, bytes);
}
