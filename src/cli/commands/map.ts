import { basename, extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  CURVES,
  type CurveName,
  type Inspector,
  MAP_BY,
  type MapBy,
  type MapOptions,
  type MapReport,
  noCounts,
  UsageError,
  writeMapHtml,
  writeMapPng,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportUnread, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions, parseCount, parseSize } from '../options.ts';
import { aligned, printJson, say, stdout } from '../output.ts';
import { intoFile, REPORT_HELP, refuseInput, refuseReport } from '../output-file.ts';
import type { MapData } from '../schemas/files.ts';
import { sizeText } from '../units.ts';

const FORMATS = ['html', 'png'] as const;
type Format = (typeof FORMATS)[number];

interface Options extends ImageOptions {
  output: string;
  format?: Format;
  by: MapBy;
  diff?: string;
  curve: CurveName;
  theme?: 'light' | 'dark';
  size?: number;
  scale?: number;
  outline: boolean;
  maxSize?: number;
  json?: boolean;
}

/** The options that only one format has. */
const ONLY: Readonly<Record<Format, readonly (keyof Options)[]>> = {
  png: ['theme', 'size', 'scale'],
  html: ['maxSize'],
};

const PICTURE = 'Drawing a PNG:';
const DEFAULT_SIZE = 2048;
const LARGEST_SIZE = 16384;
const LARGEST_SCALE = 64;

/** structpage map: all page frames as a picture. */
export function mapCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('map')
    .summary('draw all page frames as a map')
    .description(
      "Draws all page frames as a map, coloured by what they are. A page of HTML can be zoomed, searched and filtered, and needs no network; a PNG is a plain picture. The file's extension selects the format. Prints what the colours mean, with the number of pages of each.",
    )
    .argument('[dump...]', DUMP_HELP)
    .requiredOption('-o, --output <file>', 'file to write (.html, .png); - for standard output')
    .addOption(
      new Option('--format <name>', 'output format, if the extension does not select it').choices(FORMATS),
    )
    .addOption(new Option('--by <value>', 'what colours a page').choices(MAP_BY).default(MAP_BY[0]))
    .option('--diff <dump>', 'show where pages differ in a second dump of the same machine')
    .addOption(
      new Option('--curve <name>', 'hilbert keeps neighbours together in squares, rows is line by line')
        .choices(CURVES)
        .default(CURVES[0]),
    )
    .addOption(
      new Option(
        '--max-size <size>',
        'HTML: leave out columns of pages, then pages, to stay below this size (default: 5 MB up to 16 M pages, at most 40 MB)',
      ).argParser(parseSize),
    )
    .addOption(
      new Option(
        '--size <pixels>',
        `draw several pages as one pixel if the map is larger than a square of this side (default: ${DEFAULT_SIZE})`,
      )
        .helpGroup(PICTURE)
        .argParser((text) => parseUpTo(text, LARGEST_SIZE)),
    )
    .addOption(
      new Option('--scale <n>', 'pixels along each side of a page (default: 1)')
        .helpGroup(PICTURE)
        .argParser((text) => parseUpTo(text, LARGEST_SCALE)),
    )
    .addOption(
      new Option('--theme <name>', 'colours for a light or a dark ground (default: light)')
        .helpGroup(PICTURE)
        .choices(['light', 'dark']),
    )
    .addOption(new Option('--no-outline', 'draw no lines between zones').helpGroup(PICTURE))
    .option('--json', REPORT_HELP);
  addExamples(
    command,
    'structpage map vmcore -o map.html',
    'structpage map vmcore -o map.png --by order --theme dark',
    'structpage map vmcore -o owners.html --by owner',
    'structpage map BEFORE --diff AFTER -o changes.html',
  );
  addCache(addImage(command)).action(async (dumps: string[], options: Options) => {
    refuseReport(options);
    const format = formatOf(options);
    const inputs = [...dumps, ...[options.diff, options.layout].filter((path) => path !== undefined)];
    refuseInput(options.output, inputs);
    if (format === 'png' && options.output === '-' && process.stdout.isTTY) {
      throw new UsageError(
        'a PNG is binary and not written to a terminal: redirect the output, or name a file',
      );
    }
    await withImage(dumps, options, async (inspector) => {
      if (options.diff === undefined) return draw(inspector, undefined);
      const { layout, cache } = options;
      const like = { ...(layout === undefined ? {} : { layout }), ...(cache === undefined ? {} : { cache }) };
      await withImage([options.diff], like, (other) => draw(inspector, other));
    });

    async function draw(inspector: Inspector, other: Inspector | undefined): Promise<void> {
      const counts = noCounts();
      const otherCounts = noCounts();
      const trouble = (sentence: string): void => {
        say(sentence);
        outcome.code = 3;
      };
      const wanted: MapOptions = {
        by: options.by,
        curve: options.curve,
        title: titleOf(dumps, options),
        trouble,
        ...(other ? { other, otherCounts } : {}),
      };
      let report: MapReport | undefined;
      const images = [inspector, ...(other ? [other] : [])];
      await intoFile(
        options.output,
        images.flatMap((i) => i.image.inputs ?? []),
        async (write) => {
          const { theme = 'light', size = DEFAULT_SIZE, scale = 1, outline, maxSize: limit } = options;
          report =
            format === 'png'
              ? await writeMapPng(inspector, { ...wanted, theme, size, scale, outline }, write, counts)
              : await writeMapHtml(inspector, { ...wanted, ...(limit ? { limit } : {}) }, write, counts);
        },
      );
      const { pageBytes } = inspector.kernel;
      if (options.json) await printJson(dataOf(report!, options.output, format, options.by, pageBytes));
      else if (options.output !== '-') await stdout(legendText(report!, pageBytes));
      const isOfOwners = options.by === 'class' || options.by === 'owner';
      reportUnread(inspector, counts, 'not counted', outcome, isOfOwners);
      if (!other) return;
      for (const doubt of report!.doubts) say(`warning: ${doubt}`);
      reportUnread(other, otherCounts, 'not compared', outcome, isOfOwners);
    }
  });
}

function dataOf(
  { legend, notes, pagesPerPixel }: MapReport,
  file: string,
  format: Format,
  by: MapBy,
  pageBytes: number,
): MapData {
  const sized = legend.map(({ label, pages }) => ({ label, pages, bytes: pages * pageBytes }));
  return { file, format, by, pagesPerPixel, legend: sized, notes };
}

function legendText({ legend, pagesPerPixel }: MapReport, pageBytes: number): string {
  const rows = legend.map(({ label, pages }) => [label, `${pages}`, sizeText(pages * pageBytes)]);
  const note =
    pagesPerPixel > 1 ? `each pixel is ${pagesPerPixel} pages, in the colour of most of them\n` : '';
  return `${aligned([['', 'pages', 'size'], ...rows])}\n${note}`;
}

function formatOf(options: Options): Format {
  const extension = extname(options.output).slice(1).toLowerCase();
  const format = options.format ?? FORMATS.find((name) => name === extension);
  if (format === undefined) {
    throw new UsageError(
      `the name ${options.output} does not tell the format: end it in .html or .png, or add --format`,
    );
  }
  const other = format === 'png' ? 'html' : 'png';
  const wrong = ONLY[other].find((name) => options[name] !== undefined);
  if (wrong !== undefined) {
    const flag = `--${wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new UsageError(`${flag} applies to ${other.toUpperCase()} only`);
  }
  return format;
}

function titleOf(dumps: readonly string[], { diff, qmp }: Options): string {
  const name = dumps[0] === undefined ? (qmp === undefined ? 'this machine' : 'a guest') : basename(dumps[0]);
  return diff === undefined ? name : `${name} and ${basename(diff)}`;
}

/** A positive integer up to `most`. */
function parseUpTo(text: string, most: number): number {
  const value = parseCount(text);
  if (value < 1 || value > most) throw new InvalidArgumentError(`Expected an integer from 1 to ${most}.`);
  return value;
}
