import type { Command } from 'commander';
import {
  COLUMNS,
  countClasses,
  groupPages,
  holesIn,
  type Inspector,
  isQuickToClassify,
  noCounts,
  type PageGroup,
  type Ram,
  ramOf,
  type Summary,
  summarize,
  UsageError,
} from '../../index.ts';
import { setTables } from '../command-tables.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportUnread, warnIfDoubtful, withImage } from '../open.ts';
import {
  addCache,
  addImage,
  addSelection,
  DUMP_HELP,
  type ImageOptions,
  jobsOf,
  parseCount,
  parseNames,
  type SelectOptions,
  selectionOf,
} from '../options.ts';
import { aligned, printJson, stdout } from '../output.ts';
import type { GroupData, Sized, SummaryData } from '../schemas/summary.ts';
import { sizeText } from '../units.ts';

interface Options extends SelectOptions, ImageOptions {
  json?: boolean;
  top?: number;
  groupBy?: string[];
  classes?: boolean;
}

/** A summary, with what is needed to interpret it. */
interface Report {
  readonly summary: Summary;
  readonly pageBytes: number;
  /** Whether all pages are counted; only then are they compared with RAM. */
  readonly whole: boolean;
  readonly ram: Ram | undefined;
  /** Struct pages without RAM. */
  readonly holes: number | undefined;
  /** Pages by class; undefined if that is not counted. */
  readonly classes: ReadonlyMap<string, number> | undefined;
}

/** structpage summary: counts by type, flag, zone, order and slab cache, or by any columns. */
export function summaryCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('summary')
    .summary('count pages by type, flag, zone, order and slab cache')
    .description('Counts pages by type, flag, zone, order and slab cache, or by any columns.')
    .argument('[dump...]', DUMP_HELP)
    .option('--group-by <columns>', 'count pages by these columns instead, e.g. node,zone,type', parseNames)
    .option('--top <n>', 'show only the n largest entries of each list', parseCount)
    .option('--classes', 'begin with what pages are for (default: if that is quick, see docs/classes.md)')
    .option('--no-classes', 'leave that out')
    .option('--json', 'print JSON');
  setTables(command, () => [{ name: 'pages', columns: COLUMNS }]);
  addExamples(
    command,
    'structpage summary vmcore --top 5',
    "structpage summary vmcore --where 'type == slab' --group-by node,slab_cache --top 10",
  );
  addCache(addImage(addSelection(command))).action(async (dumps: string[], options: Options) => {
    const { where, pfn, limit, groupBy } = options;
    if (options.classes && [where, pfn, limit, groupBy].some((option) => option !== undefined))
      throw new UsageError('--classes counts all pages; for some of them use --group-by class');
    await withImage(dumps, options, async (inspector) => {
      const counts = noCounts();
      const selection = selectionOf(options);
      const { pageBytes } = inspector.kernel;
      if (options.groupBy) {
        const groups = groupPages(inspector, options.groupBy, selection, counts);
        await (options.json
          ? printJson(groupsData(options.groupBy, groups.slice(0, options.top), pageBytes))
          : stdout(groupsText(options.groupBy, groups, pageBytes, options.top)));
      } else {
        const summary = await summarize(inspector, selection, jobsOf(options), counts);
        if (options.classes) void inspector.classes;
        reportUnread(inspector, counts, 'not counted', outcome);
        const report = reportOf(inspector, summary, options);
        await (options.json ? printJson(data(report)) : stdout(text(report, options.top)));
        warnIfDoubtful(inspector, selection);
        return;
      }
      reportUnread(inspector, counts, 'not counted', outcome);
      warnIfDoubtful(inspector, selection);
    });
  });
}

function reportOf(inspector: Inspector, summary: Summary, options: Options): Report {
  const { pageBytes } = inspector.kernel;
  const whole =
    options.pfn === undefined &&
    options.where === undefined &&
    (options.limit === undefined || options.limit >= summary.pages) &&
    summary.pages === inspector.presentPages;
  const ram = whole ? ramOf(inspector) : undefined;
  const classes = classesOf(inspector, whole, options.classes);
  return { summary, pageBytes, whole, ram, holes: ram && holesIn(summary, ram), classes };
}

/** The classes of all pages: if they were asked for, or are quick to find and all can be known. */
function classesOf(
  inspector: Inspector,
  isWhole: boolean,
  isAsked: boolean | undefined,
): ReadonlyMap<string, number> | undefined {
  if (isAsked === false) return undefined;
  if (isAsked) return countClasses(inspector);
  if (!isWhole || !isQuickToClassify(inspector)) return undefined;
  return inspector.classes.gaps.length === 0 ? countClasses(inspector) : undefined;
}

/** Counts by type or by flag, without the reserved struct pages that have no RAM. */
function withoutHoles(counts: ReadonlyMap<string, number>, holes: number | undefined): Map<string, number> {
  const rest = new Map(counts);
  const reserved = (rest.get('reserved') ?? 0) - (holes ?? 0);
  if (reserved > 0) rest.set('reserved', reserved);
  else rest.delete('reserved');
  return rest;
}

function data(report: Report): SummaryData {
  const { summary, pageBytes, ram, holes, classes } = report;
  const sized = (pages: number): Sized => ({ pages, bytes: pages * pageBytes });
  const map = (from: ReadonlyMap<string, number>): Record<string, Sized> =>
    Object.fromEntries(descending(from).map(([name, pages]) => [name, sized(pages)]));
  return {
    pageSize: pageBytes,
    pages: summary.pages,
    bytes: summary.pages * pageBytes,
    ram: ram
      ? {
          present: sized(ram.present),
          managed: sized(ram.managed),
          holes: holes === undefined ? null : sized(holes),
        }
      : null,
    classes: classes ? map(classes) : null,
    types: map(withoutHoles(summary.types, holes)),
    flags: map(withoutHoles(summary.flags, holes)),
    zones: [...summary.zones.values()].map(({ node, zone, pages, freePages, freeBlocks }) => ({
      node,
      zone,
      pages,
      bytes: pages * pageBytes,
      freePages,
      freeBytes: freePages * pageBytes,
      freeBlocks: whole(freeBlocks),
    })),
    folios: whole(summary.folios),
    slabCaches: map(summary.slabCaches),
  };
}

/** Sparse counts by order as a full list. */
function whole(counts: readonly number[]): number[] {
  return Array.from(counts, (n) => Math.round(n ?? 0));
}

function descending(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

const INDENT = '  ';

/** Rows of name, pages, size and share, the first `top` of them. The rest is added up if no page is in two entries. */
function counted(
  entries: readonly (readonly [string, number])[],
  {
    pageBytes,
    all,
    top,
    disjoint,
  }: { pageBytes: number; all: number; top: number | undefined; disjoint: boolean },
): string {
  const row = (name: string, pages: number): string[] => [
    name,
    `${pages}`,
    sizeText(pages * pageBytes, 1),
    `${((100 * pages) / Math.max(1, all)).toFixed(1)} %`,
  ];
  const shown = entries.slice(0, top);
  const rest = entries.slice(shown.length);
  const rows = shown.map(([name, pages]) => row(name, pages));
  if (rest.length > 0) {
    const sum = rest.reduce((total, [, pages]) => total + pages, 0);
    const more = `(${rest.length} more)`;
    rows.push(disjoint ? row(more, sum) : [more]);
  }
  return aligned(rows, INDENT);
}

function text(report: Report, top: number | undefined): string {
  const { summary, pageBytes, ram, holes, classes } = report;
  const all = ram && holes !== undefined ? ram.present : summary.pages;
  const list = (map: ReadonlyMap<string, number>, disjoint = true): string =>
    counted(descending(map), { pageBytes, all, top, disjoint });
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
    .map((n, order) => [`order ${order}`, `${n}`, sizeText(n * 2 ** order * pageBytes, 1)])
    .filter((row) => row[1] !== '0');
  const sections = [
    `${summary.pages} struct pages\n`,
    ...(classes ? [`by class, what pages are for\n${list(classes)}\n`] : []),
    ...(ram ? [`RAM\n${ramText(ram, holes, pageBytes)}\n`] : []),
    `by type${ram && holes !== undefined ? ' (share of RAM)' : ''}\n${list(withoutHoles(summary.types, holes))}\n`,
    `by flag (a page can have several)\n${list(withoutHoles(summary.flags, holes), false)}\n`,
    `by zone, with free blocks of each order\n${aligned(free, INDENT)}\n`,
    `folios in use, by order\n${aligned(folios, INDENT)}\n`,
  ];
  if (summary.slabCaches.size > 0) sections.push(`slab pages by cache\n${list(summary.slabCaches)}\n`);
  return sections.join('\n');
}

function ramText({ present, managed }: Ram, holes: number | undefined, pageBytes: number): string {
  const row = (name: string, pages: number, what: string): string[] => [
    name,
    `${pages}`,
    sizeText(pages * pageBytes, 1),
    ` ${what}`,
  ];
  const rows = [
    row('present', present, 'page frames with RAM'),
    row('managed', managed, 'given to the page allocator'),
  ];
  if (holes !== undefined) rows.push(row('holes', holes, 'struct pages without RAM'));
  return aligned(rows, INDENT, [0, 3]);
}

function groupsText(
  names: readonly string[],
  groups: readonly PageGroup[],
  pageBytes: number,
  top: number | undefined,
): string {
  const all = groups.reduce((sum, g) => sum + g.pages, 0);
  const shown = groups.slice(0, top);
  const left = names.map((_, i) => i);
  const row = (values: readonly string[], pages: number): string[] => [
    ...values,
    `${pages}`,
    sizeText(pages * pageBytes, 1),
    `${((100 * pages) / Math.max(1, all)).toFixed(1)} %`,
  ];
  const rows = [
    [...names, 'pages', 'size', 'share'],
    ...shown.map((g) =>
      row(
        g.values.map((v) => v || '-'),
        g.pages,
      ),
    ),
  ];
  const rest = groups.length - shown.length;
  if (rest > 0) {
    const pages = all - shown.reduce((sum, g) => sum + g.pages, 0);
    rows.push(row([`(${rest} more)`, ...names.slice(1).map(() => '')], pages));
  }
  return `${aligned(rows, '', left)}\n`;
}

function groupsData(names: readonly string[], groups: readonly PageGroup[], pageBytes: number): GroupData[] {
  return groups.map(({ values, pages }) => ({
    ...Object.fromEntries(names.map((name, i) => [name, values[i] || null])),
    pages,
    bytes: pages * pageBytes,
  }));
}
