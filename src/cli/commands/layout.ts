import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import {
  checkLayout,
  diffLayouts,
  extractLayoutFile,
  formatLayout,
  type LayoutFile,
  layoutIndex,
  layoutPath,
  loadLayout,
  UsageError,
} from '../../index.ts';
import { withImage } from '../open.ts';
import { addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { aligned, stdout } from '../output.ts';
import { intoFile } from '../output-file.ts';

interface ExtractOptions {
  output?: string;
  release?: string;
  buildId?: string;
  package?: string;
  packageVersion?: string;
}

/** structpage layout: what is known of kernels, to be listed, shown, extended, compared and tried. */
export function layoutCommand(program: Command): void {
  const command = program
    .command('layout')
    .summary('list, show, extract, compare and check layouts of kernels');

  command
    .command('list')
    .summary('kernels whose layout is known')
    .action(async () => {
      const rows = layoutIndex().map((e) => [e.release, e.arch, e.buildId, `layouts/${e.file}`]);
      await stdout(`${aligned([['release', 'arch', 'build id', 'file'], ...rows])}\n`);
    });

  command
    .command('show')
    .summary('print a layout file')
    .argument('<kernel>', 'a release, a build id, or a layout file')
    .action(async (kernel: string) => {
      await stdout(formatLayout(find(kernel)));
    });

  command
    .command('extract')
    .summary('make a layout file from a vmlinux, vmlinuz, debug or BTF file')
    .argument('<file>', 'vmlinux, vmlinuz, debug file, or raw BTF such as /sys/kernel/btf/vmlinux')
    .option('-o, --output <file>', 'file to write; standard output if not given')
    .option('--release <release>', 'uname -r, if the file does not say')
    .option('--build-id <id>', 'build id, if the file does not say')
    .option('--package <name>', 'package that the file is from')
    .option('--package-version <version>', 'version of the package')
    .action(async (file: string, options: ExtractOptions) => {
      const text = formatLayout(await extractLayoutFile(file, options));
      if (options.output === undefined) await stdout(text);
      else await intoFile(options.output, [file], (write) => write(text));
    });

  command
    .command('diff')
    .summary('what differs between two kernels')
    .argument('<left>', 'a release, a build id, or a layout file')
    .argument('<right>', 'the same')
    .action(async (left: string, right: string) => {
      const rows = diffLayouts(find(left), find(right)).map((d) => [d.what, d.left ?? '-', d.right ?? '-']);
      await stdout(rows.length === 0 ? 'no difference\n' : `${aligned([['', left, right], ...rows])}\n`);
    });

  addImage(
    command
      .command('check')
      .summary("try a layout on a dump's memory, or this machine's")
      .argument('[dump...]', DUMP_HELP),
  ).action(async (dumps: string[], options: ImageOptions) => {
    await withImage(dumps, options, async (inspector) => {
      const passed = checkLayout(inspector).map((c) => [c.check, c.evidence]);
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
    `'${kernel}' is no layout file, and no release or build id that 'structpage layout list' has`,
  );
}
