import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { compareKpage, type KpageRecord, noCounts, UsageError } from '../../index.ts';
import { type Outcome, reportUnread, withImage } from '../open.ts';
import { addImage, type ImageOptions } from '../options.ts';
import { aligned, stdout } from '../output.ts';

interface Options extends ImageOptions {
  kpageflags?: string;
  kpagecount?: string;
  correct?: boolean;
}

/** structpage verify: our reading beside what the kernel said of its own pages. */
export function verifyCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('verify')
    .summary('compare with recorded /proc/kpageflags and kpagecount')
    .description(
      'Compares the decoding of a dump, page by page, with copies of /proc/kpageflags and /proc/kpagecount of that machine, by the rules of its own kernel.',
    )
    .argument('<dump>', 'the memory dump')
    .option('--kpageflags <file>', 'a copy of /proc/kpageflags')
    .option('--kpagecount <file>', 'a copy of /proc/kpagecount')
    .option('--correct', 'compare the true flags where that kernel errs');
  addImage(command).action(async (dump: string, options: Options) => {
    if (options.kpageflags === undefined && options.kpagecount === undefined) {
      throw new UsageError('nothing to compare with: give --kpageflags FILE, --kpagecount FILE, or both');
    }
    const record: KpageRecord = {
      ...(options.kpageflags === undefined ? {} : { flags: words(options.kpageflags) }),
      ...(options.kpagecount === undefined ? {} : { counts: words(options.kpagecount) }),
    };
    await withImage(dump, options, async (inspector) => {
      const counts = noCounts();
      const columns = ['kpageflags', 'kpagecount'];
      const result = compareKpage(
        inspector.selectSync({ columns, correct: options.correct === true }, counts),
        record,
      );
      const share = (n: number): string =>
        `${n} of ${result.pages} (${((100 * n) / Math.max(1, result.pages)).toFixed(4)} %)`;
      if (record.flags) await stdout(`flags equal   ${share(result.flagsEqual)}\n`);
      if (record.counts) await stdout(`counts equal  ${share(result.countsEqual)}\n`);
      if (result.groups.length > 0) {
        const rows = result.groups.map((g) => {
          const { pfn, ours, theirs } = g.examples[0]!;
          return [g.bits, `${g.pages}`, `pfn ${pfn}`, `0x${ours.toString(16)}`, `0x${theirs.toString(16)}`];
        });
        await stdout(
          `\npages that differ (+ only ours, - only the kernel's)\n${aligned([['bits', 'pages', 'e.g.', 'ours', 'kernel'], ...rows], '  ')}\n`,
        );
      }
      reportUnread(counts, outcome);
    });
  });
}

function words(path: string): BigUint64Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (bytes.length === 0 || bytes.length % 8 !== 0) {
    throw new UsageError(`${path}: expected 8 bytes for each page, found ${bytes.length} bytes in all`);
  }
  return new BigUint64Array(new Uint8Array(bytes).buffer);
}
