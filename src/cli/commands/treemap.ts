import { basename } from 'node:path';
import type { Command } from 'commander';
import { noCounts, type TreemapReport, writeCollapsed, writeTreemap } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportUnread, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions, parseNames } from '../options.ts';
import { printJson, stdout } from '../output.ts';
import { intoFile, REPORT_HELP, refuseInput, refuseReport } from '../output-file.ts';
import type { TreemapData } from '../schemas/files.ts';
import { sizeText } from '../units.ts';

interface Options extends ImageOptions {
  output: string;
  by?: string[];
  collapsed?: boolean;
  json?: boolean;
}

const BY: readonly string[] = ['class', 'subclass', 'owner'];

/** structpage treemap: memory by its owners, as areas. */
export function treemapCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('treemap')
    .summary('draw memory by owner as a treemap, or write stacks for flame graphs')
    .description(
      'Draws memory as a treemap: each class of pages, and within it each owner, is an area as large as its memory. The page of HTML needs no network. With --collapsed, writes collapsed stacks of bytes, which speedscope and flame graph programs open.',
    )
    .argument('[dump...]', DUMP_HELP)
    .requiredOption('-o, --output <file>', 'file to write; - for standard output')
    .option('--by <columns>', `columns of pages, the outermost first (default: ${BY.join(',')})`, parseNames)
    .option('--collapsed', 'write collapsed stacks instead of HTML')
    .option('--json', REPORT_HELP);
  addExamples(
    command,
    'structpage treemap vmcore -o owners.html',
    'structpage treemap vmcore -o slabs.html --by node,zone,type,slab_cache',
    'structpage treemap vmcore --collapsed -o owners.folded',
  );
  addCache(addImage(command)).action(async (dumps: string[], options: Options) => {
    refuseReport(options);
    refuseInput(options.output, [...dumps, ...(options.layout === undefined ? [] : [options.layout])]);
    await withImage(dumps, options, async (inspector) => {
      const counts = noCounts();
      const [first] = dumps;
      const title = first === undefined ? 'this machine' : basename(first);
      const wanted = { columns: options.by ?? BY, title };
      const format = options.collapsed ? 'collapsed' : 'html';
      let report: TreemapReport = { pages: 0, groups: 0 };
      await intoFile(options.output, inspector.image.inputs ?? [], async (write) => {
        const draw = options.collapsed ? writeCollapsed : writeTreemap;
        report = await draw(inspector, wanted, write, counts);
      });
      const { pages, groups } = report;
      const bytes = pages * inspector.kernel.pageBytes;
      if (options.json) {
        const data: TreemapData = { file: options.output, format, by: wanted.columns, pages, bytes, groups };
        await printJson(data);
      } else if (options.output !== '-') await stdout(`${groups} groups of ${sizeText(bytes)}\n`);
      reportUnread(inspector, counts, 'not counted', outcome);
    });
  });
}
