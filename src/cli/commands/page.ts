import type { Command } from 'commander';
import {
  explainPage,
  type LocatedPage,
  locatePage,
  type PageMember,
  type PageReport,
  type PageWord,
  parsePageName,
  printable,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { withImage } from '../open.ts';
import { addCache, addImage, type ImageOptions, splitArguments } from '../options.ts';
import { labelled, printJson, stdout } from '../output.ts';
import type { PageData } from '../schemas/pages.ts';

/** structpage page: pages in full. */
export function pageCommand(program: Command): void {
  const command = program
    .command('page')
    .summary('show pages in full')
    .description(
      'Shows everything about one or more pages: all columns, the folio, and the struct page in memory with the names of its members.',
    )
    .usage('[options] [dump...] <page...>')
    .argument(
      '<page...>',
      'a memory dump (default: this machine), then the pages: pfn:N or N, phys:0x..., page:0x... (address of a struct page), virt:0x..., or a kernel address',
    )
    .option('--json', 'print JSON');
  addExamples(
    command,
    'structpage page vmcore 4158',
    'structpage page vmcore pfn:4158 phys:0x3400000 page:0xffe490aa00040c40',
    'sudo structpage page pfn:4158      # this machine',
  );
  addCache(addImage(command)).action(async (args: string[], options: ImageOptions & { json?: boolean }) => {
    const { dumps, asked } = splitArguments(args, 'a page', (text) => {
      parsePageName(text);
    });
    await withImage(dumps, options, async (inspector) => {
      const pages = asked.map((name) => {
        const located = locatePage(inspector, name);
        return { located, report: explainPage(inspector, located.pfn) };
      });
      if (options.json) await printJson(pages.map(dataOf));
      else await stdout(pages.map(({ located, report }) => textOf(located, report)).join('\n'));
    });
  });
}

interface ShownPage {
  readonly located: LocatedPage;
  readonly report: PageReport;
}

function dataOf({ located, report }: ShownPage): PageData {
  return { ...report, named: located.how || `pfn ${located.pfn}` };
}

function textOf(
  { how }: LocatedPage,
  { pfn, columns, unavailable, kpageflags, folio, owners, references, words }: PageReport,
): string {
  const rows = Object.entries(columns).map(([name, text]): [string, string] =>
    name === 'kpageflags' ? [name, `${text}  ${kpageflags.join('|')}`] : [name, text],
  );
  const missing = new Map<string, string[]>();
  for (const [name, why] of Object.entries(unavailable))
    missing.set(why, [...(missing.get(why) ?? []), name]);
  // if a member fills the word, the word is its value
  const nameOf = (m: PageMember, word: PageWord): string =>
    m.size * 2 + 2 < word.value.length ? `${m.name}=${m.value}` : m.name;
  const memory = words.map((word): [string, string] => [
    `  +${String(word.offset).padEnd(3)}`,
    `${word.value}  ${word.members.map((m) => nameOf(m, word)).join(' ')}`,
  ]);
  const parts = [`${how ? `${how} is ` : ''}pfn ${pfn}\n${labelled(rows)}`];
  for (const [why, names] of missing) parts.push(`not available: ${names.join(', ')} (${why})`);
  if (folio) {
    const counts = Object.entries(folio.counts).map(([name, n]): [string, string] => [`  ${name}`, `${n}`]);
    parts.push(
      `folio\n${labelled([
        [
          '  pfns',
          `${folio.head}-${folio.head + folio.pages - 1} (order ${folio.order}, ${folio.pages} pages)`,
        ],
        ['  this page', folio.index === 0 ? 'head' : `tail ${folio.index}`],
        ['  flags of head', folio.flags],
        ...counts,
      ])}`,
    );
  }
  for (const [title, lines] of [
    ['owners', owners],
    ['references', references],
  ] as const) {
    if (lines.length > 0) parts.push(`${title}\n${lines.map((line) => `  ${printable(line)}`).join('\n')}`);
  }
  parts.push(`struct page in memory\n${labelled(memory)}`);
  return `${parts.join('\n\n')}\n`;
}
