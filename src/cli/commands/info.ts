import type { Command } from 'commander';
import {
  type Contents,
  describe,
  describeData,
  type Info,
  PAGE_STATES,
  printable,
  type ScanCost,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { withImage } from '../open.ts';
import { addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { aligned, printJson, stdout } from '../output.ts';

/** Maximum number of pieces of the page array listed. */
const MOST_PIECES = 16;

/** structpage info: a description of the dump, with the source of each fact. */
export function infoCommand(program: Command): void {
  const command = program
    .command('info')
    .summary('describe a dump and its kernel')
    .description(
      'Shows the format of a dump, its kernel, paging mode and memory model, where the page array is, the source of each fact, what the dump leaves out, and which commands work on it.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--json', 'print JSON');
  addExamples(command, 'structpage info vmcore', 'structpage info vmcore --json');
  addImage(command).action(async (dumps: string[], options: ImageOptions & { json?: boolean }) => {
    await withImage(dumps, options, async (inspector) => {
      await (options.json ? printJson(describeData(inspector)) : stdout(text(describe(inspector))));
    });
  });
}

function text(info: Info): string {
  const width = Math.max(...info.facts.map((f) => f.label.length));
  const facts = info.facts.map((f) =>
    printable(`${f.label.padEnd(width)}  ${f.value}${f.from ? `  [${f.from}]` : ''}`),
  );
  return `${[facts.join('\n'), ...sections(info).map(([title, lines]) => `${title}\n${lines}`)].join('\n\n')}\n`;
}

function sections(info: Info): [title: string, lines: string][] {
  const search = info.search.map(
    ({ what, outcome, scanned }) =>
      `  ${what.padEnd(12)}  ${printable(outcome)}${scanned ? costOf(scanned) : ''}`,
  );
  const struct = PAGE_STATES.filter((s) => info.structPages[s] > 0).map((s) => [
    s === 'ok' ? 'readable' : s,
    `${info.structPages[s]}`,
  ]);
  const memory = Object.entries(info.memory).map(([state, bytes]) => [
    state,
    `${Math.floor(bytes / info.pageBytes)}`,
  ]);
  const places = info.pageArray
    .slice(0, MOST_PIECES)
    .map((p) => [
      `pfn ${p.start}`,
      `${p.pfns} pages`,
      p.physical === undefined ? 'not mapped' : `at physical 0x${p.physical.toString(16)}`,
    ]);
  const more = info.pageArray.length - places.length;
  const all: [string, string][] = [
    ['search for the kernel', search.join('\n')],
    ['struct pages', aligned(struct, '  ')],
    ['page frames of memory', aligned(memory, '  ')],
    ['page array', `${aligned(places, '  ')}${more > 0 ? `\n  and ${more} more pieces` : ''}`],
  ];
  if (info.contents) all.push([titleOf(info.contents), tableOf(info.contents)]);
  if (info.features.length > 0) {
    const label = Math.max(...info.features.map((f) => f.feature.length));
    const lines = info.features.map(
      ({ feature, works, evidence }) =>
        `  ${feature.padEnd(label)}  ${works.padEnd(6)}  ${printable(evidence)}`,
    );
    all.push(['features tried on this dump', lines.join('\n')]);
  }
  return all;
}

function titleOf({ looked, of }: Contents): string {
  return `contents of the dump by page type${looked < of ? ` (a sample of ${looked} of ${of} pages)` : ''}`;
}

function tableOf({ kinds }: Contents): string {
  const states = [...new Set(kinds.flatMap((k) => Object.keys(k.frames)))].sort(
    (a, b) => ORDER.indexOf(a) - ORDER.indexOf(b),
  );
  const rows = kinds.map(({ kind, frames }) => [
    kind,
    ...states.map((s) => `${(frames as Record<string, number>)[s] ?? 0}`),
  ]);
  return aligned([['', ...states], ...rows], '  ');
}

const ORDER = ['present', 'excluded', 'hole', 'truncated', 'damaged', 'unreadable'];

/** The cost of a scan. */
function costOf({ bytes, seconds, secondsPerGib }: ScanCost): string {
  return ` (scanned ${(bytes / 2 ** 30).toFixed(3)} GiB in ${seconds.toFixed(3)} s: ${secondsPerGib.toFixed(2)} s per GiB)`;
}
