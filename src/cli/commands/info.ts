import type { Command } from 'commander';
import { describe, PAGE_STATES, type ScanCost } from '../../index.ts';
import { withImage } from '../open.ts';
import { addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { aligned, stdout } from '../output.ts';

/** structpage info: what the dump is, and where each fact comes from. */
export function infoCommand(program: Command): void {
  const command = program
    .command('info')
    .summary('what the dump is and what is known of its kernel')
    .description(
      'Tells format, kernel, paging, memory model and the place of the page array, and where each fact came from.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--json', 'as JSON');
  addImage(command).action(async (dumps: string[], options: ImageOptions & { json?: boolean }) => {
    await withImage(dumps, options, async (inspector) => {
      const info = describe(inspector);
      if (options.json) {
        await stdout(`${JSON.stringify(info, null, 2)}\n`);
        return;
      }
      const width = Math.max(...info.facts.map((f) => f.label.length));
      const lines = info.facts.map(
        (f) => `${f.label.padEnd(width)}  ${f.value}${f.from ? `  [${f.from}]` : ''}`,
      );
      const search = info.search.map(
        ({ what, outcome, scanned }) => `  ${what.padEnd(12)}  ${outcome}${scanned ? costOf(scanned) : ''}`,
      );
      const struct = PAGE_STATES.filter((s) => info.structPages[s] > 0).map((s) => [
        `  ${s === 'ok' ? 'readable' : s}`,
        `${info.structPages[s]}`,
      ]);
      const memory = Object.entries(info.memory).map(([state, bytes]) => [
        `  ${state}`,
        `${Math.floor(bytes / 4096)}`,
      ]);
      const places = info.pageArray
        .slice(0, 16)
        .map((p) => [
          `  pfn ${p.start}`,
          `${p.pfns} pages`,
          p.physical === undefined ? 'not mapped' : `at physical 0x${p.physical.toString(16)}`,
        ]);
      const more = info.pageArray.length - places.length;
      await stdout(
        `${lines.join('\n')}\n\nhow the kernel was found\n${search.join('\n')}\n\nstruct pages\n${aligned(struct)}\n\npage frames of memory\n${aligned(memory)}\n\npage array\n${aligned(places)}\n${more > 0 ? `  and ${more} more pieces\n` : ''}`,
      );
    });
  });
}

/** What a scan cost, behind what it found. */
function costOf({ bytes, seconds, secondsPerGib }: ScanCost): string {
  return ` (scanned ${(bytes / 2 ** 30).toFixed(3)} GiB in ${seconds.toFixed(3)} s: ${secondsPerGib.toFixed(2)} s per GiB)`;
}
