import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import type { Command } from 'commander';
import {
  checkLayout,
  diffLayouts,
  type ExtractFacts,
  extractLayoutFile,
  formatLayout,
  type LayoutFile,
  layoutIndex,
  layoutOfDump,
  layoutPath,
  loadLayout,
  readTypes,
  type StructTable,
  structTables,
  type TypeFacts,
  UnsupportedError,
  UsageError,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { withImage } from '../open.ts';
import { addImage, addJson, DUMP_HELP, type ImageOptions, parseNames } from '../options.ts';
import { aligned, printJson, stdout } from '../output.ts';
import { intoFile } from '../output-file.ts';
import type { LayoutCheckData } from '../schemas/files.ts';

const KERNEL_HELP = "a release or build id of 'structpage layout list', or a layout file";

/** structpage layout: layouts of kernels. */
export function layoutCommand(program: Command): void {
  const command = program
    .command('layout')
    .summary('list, show, extract, compare and check kernel layouts')
    .description(
      'A layout has the sizes, member offsets and constants that structpage needs of a kernel. Dumps mostly contain them; layout files serve kernels whose dumps do not.',
    )
    .helpCommand(false);
  listCommand(command);
  showCommand(command);
  extractCommand(command);
  diffCommand(command);
  checkCommand(command);
}

function listCommand(command: Command): void {
  const list = command
    .command('list')
    .summary('list the kernels with a layout file')
    .description('Lists the kernels with a layout file in this package.')
    .action(async ({ json }: { json?: boolean }) => {
      if (json) return printJson(layoutIndex());
      const rows = layoutIndex().map((e) => [e.release, e.arch, e.buildId, `layouts/${e.file}`]);
      await stdout(`${aligned([['release', 'arch', 'build id', 'file'], ...rows], '', [0, 1, 2, 3])}\n`);
    });
  addJson(list);
  addExamples(list, 'structpage layout list');
}

function showCommand(command: Command): void {
  const show = command
    .command('show')
    .summary('print the members of struct page and other structs')
    .description('Prints offset, size and name of the members of struct page and other structs.')
    .argument('<kernel>', `${KERNEL_HELP}, vmlinux, BTF file, or dump`)
    .option('--struct <names>', 'structs to show (default: page and those that overlay it)', parseNames)
    .option('--json', 'print the layout file itself')
    .action(async (kernel: string, { struct, json }: { struct?: string[]; json?: boolean }) => {
      if (json) await stdout(formatLayout(isLayout(kernel) ? find(kernel) : await layoutIn(kernel)));
      else await withTypes(kernel, (types) => stdout(tablesText(types, structTables(types, struct))));
    });
  addExamples(
    show,
    'structpage layout show 6.12.107+deb13-cloud-amd64',
    'structpage layout show vmcore --struct zone',
  );
}

function extractCommand(command: Command): void {
  const extract = command
    .command('extract')
    .summary('make a layout file')
    .description('Makes a layout file from a kernel file, or from the types in a dump.')
    .argument('<file>', 'vmlinux, vmlinuz, debug file, raw BTF such as /sys/kernel/btf/vmlinux, or a dump')
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .option('--json', 'print JSON, as without this option')
    .option('--release <release>', 'kernel release (uname -r), if the file does not contain it')
    .option('--architecture <name>', 'architecture of the kernel, if the file does not contain it')
    .option('--build-id <id>', 'build id, if the file does not contain it')
    .option('--package <name>', 'package of the kernel, for the record')
    .option('--package-version <version>', 'version of the package, for the record')
    .action(async (file: string, options: ExtractFacts & { output?: string }) => {
      const text = formatLayout(await layoutIn(file, options));
      if (options.output === undefined) await stdout(text);
      else await intoFile(options.output, [file], (write) => write(text));
    });
  addExamples(
    extract,
    'structpage layout extract vmcore -o kernel.json',
    'structpage layout extract /sys/kernel/btf/vmlinux --release "$(uname -r)" -o kernel.json',
  );
}

function diffCommand(command: Command): void {
  const diff = command
    .command('diff')
    .summary('compare two kernels')
    .description('Prints the differences between the layouts of two kernels.')
    .argument('<left>', KERNEL_HELP)
    .argument('<right>', 'the same')
    .action(async (left: string, right: string, { json }: { json?: boolean }) => {
      const differences = diffLayouts(find(left), find(right));
      if (json) return printJson(differences);
      const rows = differences.map((d) => [d.what, d.left ?? '-', d.right ?? '-']);
      await stdout(rows.length === 0 ? 'no difference\n' : `${aligned([['', left, right], ...rows])}\n`);
    });
  addJson(diff);
  addExamples(diff, 'structpage layout diff 6.12.107+deb13-cloud-amd64 7.2.13+deb14-cloud-amd64');
}

function checkCommand(command: Command): void {
  const check = command
    .command('check')
    .summary('check a layout against a dump')
    .description(
      "Checks a layout against the memory of a dump, or of this machine, and prints the evidence. The layout is the dump's own, or that of --layout.",
    )
    .argument('[dump...]', DUMP_HELP);
  addExamples(
    check,
    'structpage layout check vmcore',
    'structpage layout check vmcore --layout 6.12.107+deb13-cloud-amd64',
  );
  addImage(addJson(check)).action(async (dumps: string[], options: ImageOptions & { json?: boolean }) => {
    await withImage(dumps, options, async (inspector) => {
      const checks = checkLayout(inspector);
      if (options.json) {
        const data: LayoutCheckData = { types: inspector.typesFrom, checks };
        return printJson(data);
      }
      const passed = checks.map((c) => [c.check, c.evidence]);
      await stdout(
        `${inspector.typesFrom}\n${passed.map(([check, evidence]) => `  ${check}: ${evidence}`).join('\n')}\n`,
      );
    });
  });
}

function find(kernel: string): LayoutFile {
  if (existsSync(kernel)) return loadLayout(kernel).file;
  const entry = layoutIndex().find((e) => e.release === kernel || e.buildId === kernel);
  if (entry) return loadLayout(layoutPath(entry)).file;
  throw new UsageError(
    `'${kernel}' is neither a file, nor a release or build id of 'structpage layout list'`,
  );
}

/** Whether `kernel` names a layout file, or no file at all. */
function isLayout(kernel: string): boolean {
  return !existsSync(kernel) || /^\s*\{/.test(firstBytes(kernel));
}

function firstBytes(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(64);
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}

/** The layout in a kernel file, or otherwise in a dump. */
async function layoutIn(path: string, facts: ExtractFacts = {}): Promise<LayoutFile> {
  try {
    return await extractLayoutFile(path, facts);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
  }
  let layout: LayoutFile | undefined;
  await withImage([path], {}, (inspector) => {
    layout = layoutOfDump(inspector, facts);
  });
  return layout!;
}

/** Calls `use` with the types of a layout, a kernel file or a dump. */
async function withTypes(kernel: string, use: (types: TypeFacts) => Promise<void>): Promise<void> {
  let types: TypeFacts;
  try {
    types = await readTypes(kernel);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    await withImage([kernel], {}, (inspector) => use(inspector.types));
    return;
  }
  await use(types);
}

function tablesText({ origin }: TypeFacts, tables: readonly StructTable[]): string {
  const texts = tables.map(({ name, size, members }) => {
    const rows = members.map((m) => [
      m.bits ? `${m.offset}:${m.bits.shift}` : `${m.offset}`,
      m.bits ? `${m.bits.width} bits` : `${m.size}`,
      m.path,
    ]);
    return `struct ${name}, ${size} bytes\n${aligned([['offset', 'size', 'member'], ...rows], '  ', [2])}\n`;
  });
  return `${[`from ${origin}\n`, ...texts].join('\n')}`;
}
