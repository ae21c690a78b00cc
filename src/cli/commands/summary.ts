import type { Command } from 'commander';
import { noCounts, printableJson, type Summary, summarize } from '../../index.ts';
import { type Outcome, reportUnread, withImage } from '../open.ts';
import {
  addCache,
  addImage,
  addSelection,
  DUMP_HELP,
  type ImageOptions,
  jobsOf,
  type SelectOptions,
  selectionOf,
} from '../options.ts';
import { aligned, stdout } from '../output.ts';

const MIB = 1048576;

/** structpage summary: counts by type, flag, zone, order and slab cache. */
export function summaryCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('summary')
    .summary('count pages by type, flag, zone, order and slab cache')
    .description('Counts pages by type, flag, zone, order and slab cache.')
    .argument('[dump...]', DUMP_HELP)
    .option('--json', 'print JSON');
  addCache(addImage(addSelection(command))).action(
    async (dumps: string[], options: SelectOptions & ImageOptions & { json?: boolean }) => {
      await withImage(dumps, options, async (inspector) => {
        const counts = noCounts();
        const summary = await summarize(inspector, selectionOf(options), jobsOf(options), counts);
        await stdout(
          options.json ? `${printableJson(plain(summary), 2)}\n` : text(summary, inspector.kernel.pageBytes),
        );
        reportUnread(inspector, counts, 'not counted', outcome);
      });
    },
  );
}

function plain(summary: Summary): unknown {
  return {
    pages: summary.pages,
    types: Object.fromEntries(descending(summary.types)),
    flags: Object.fromEntries(descending(summary.flags)),
    zones: [...summary.zones.values()].map((z) => ({ ...z, freeBlocks: whole(z.freeBlocks) })),
    folios: whole(summary.folios),
    slabCaches: Object.fromEntries(descending(summary.slabCaches)),
  };
}

/** Sparse counts by order as a full list. */
function whole(counts: readonly number[]): number[] {
  return Array.from(counts, (n) => Math.round(n ?? 0));
}

function descending(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function text(summary: Summary, pageBytes: number): string {
  const size = (pages: number): string => `${((pages * pageBytes) / MIB).toFixed(1)} MiB`;
  const share = (pages: number): string => `${((100 * pages) / Math.max(1, summary.pages)).toFixed(1)} %`;
  const counted = (map: ReadonlyMap<string, number>): string =>
    aligned(
      descending(map).map(([name, pages]) => [name, `${pages}`, size(pages), share(pages)]),
      '  ',
    );
  const zones = [...summary.zones.values()].sort((a, b) => a.node - b.node);
  const orders = Math.max(0, ...zones.map((z) => z.freeBlocks.length));
  const free = [
    ['zone', 'pages', 'free', ...Array.from({ length: orders }, (_, i) => `o${i}`)],
    ...zones.map((z) => [
      `node ${z.node} ${z.zone}`,
      `${z.pages}`,
      `${z.freePages}`,
      ...Array.from({ length: orders }, (_, i) => `${Math.round(z.freeBlocks[i] ?? 0)}`),
    ]),
  ];
  const folios = whole(summary.folios)
    .map((n, order) => [`order ${order}`, `${n}`, size(n * 2 ** order)])
    .filter((row) => row[1] !== '0');
  const sections = [
    `${summary.pages} struct pages\n`,
    `by type\n${counted(summary.types)}\n`,
    `by flag (a page can have several)\n${counted(summary.flags)}\n`,
    `by zone, with free blocks of each order\n${aligned(free, '  ')}\n`,
    `pages that are not free, by folio\n${aligned(folios, '  ')}\n`,
  ];
  if (summary.slabCaches.size > 0) sections.push(`slab pages by cache\n${counted(summary.slabCaches)}\n`);
  return sections.join('\n');
}
