import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import type { Command } from 'commander';
import { capture, readObjects, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { withImage } from '../open.ts';
import { addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { printJson, say } from '../output.ts';
import { intoFile, REPORT_HELP, refuseInput, refuseReport } from '../output-file.ts';
import type { CaptureData } from '../schemas/files.ts';

/** structpage capture: a small dump of the page array without the contents of pages. */
export function captureCommand(program: Command): void {
  const command = program
    .command('capture')
    .summary('write a small dump of the page array')
    .description(
      'Writes an ELF core with the page array and the kernel data that structpage needs to read it, but without the contents of pages. A name that ends in .gz is gzip-compressed.',
    )
    .argument('[dump...]', DUMP_HELP)
    .requiredOption('-o, --output <file>', 'file to write, e.g. small.elf.gz')
    .option('--objects', 'also write the kernel objects that classes and owners of pages are found by')
    .option('--json', REPORT_HELP);
  addExamples(
    command,
    'structpage capture vmcore -o small.elf.gz',
    'sudo structpage capture -o small.elf.gz      # this machine',
  );
  addImage(command).action(
    async (
      dumps: string[],
      options: ImageOptions & { output: string; objects?: boolean; json?: boolean },
    ) => {
      refuseReport(options);
      if (options.output === '-' && process.stdout.isTTY) {
        throw new UsageError(
          'a capture is binary and standard output is a terminal; redirect it, or name a file',
        );
      }
      refuseInput(options.output, [...dumps, ...(options.layout === undefined ? [] : [options.layout])]);
      await withImage(dumps, options, async (inspector) => {
        await intoFile(options.output, inspector.image.inputs ?? [], async (write) => {
          const gzip = options.output.endsWith('.gz') ? createGzip({ level: 9 }) : undefined;
          const written = gzip && passOn(gzip, write);
          const parts = capture(inspector, options.objects ? readObjects : undefined);
          let step = parts.next();
          for (; !step.done; step = parts.next()) {
            if (!gzip) await write(step.value);
            else if (!gzip.write(step.value)) await once(gzip, 'drain');
          }
          gzip?.end();
          await written;
          const report = step.value;
          if (options.json) {
            const data: CaptureData = { file: options.output, ...report };
            return printJson(data);
          }
          say(
            `${(report.bytes / 1048576).toFixed(1)} MiB of memory in ${report.segments} segments written to ${options.output === '-' ? 'standard output' : options.output}`,
          );
        });
      });
    },
  );
}

async function passOn(
  from: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  for await (const part of from) await write(part);
}
