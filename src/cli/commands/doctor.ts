import type { Command } from 'commander';
import { doctor, type LiveSource, printableJson } from '../../index.ts';
import type { Outcome } from '../open.ts';
import { stdout } from '../output.ts';

/** structpage doctor: every way to the memory of this machine, and what stands in it. */
export function doctorCommand(program: Command, outcome: Outcome): void {
  program
    .command('doctor')
    .summary("tell which ways lead to this machine's memory")
    .description(
      'Tries every way to the memory of this machine, in the order in which the other commands do when no dump is named, and tells why those that are closed are and what would open them. Exits with 0 when at least one is open.',
    )
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      const ways = doctor();
      await stdout(options.json ? `${printableJson(ways, 2)}\n` : text(ways));
      if (!ways.some((w) => w.works)) outcome.code = 4;
    });
}

function text(ways: readonly LiveSource[]): string {
  const lines = ways.flatMap((w) => {
    const head = `${(w.order ?? '-').toString().padStart(5)}  ${w.name.padEnd(6)}  ${(w.works ? 'yes' : 'no').padEnd(5)}  `;
    return [head + w.why, ...(w.remedy ? [`${' '.repeat(head.length)}remedy: ${w.remedy}`] : [])];
  });
  return `order  source  works  why\n${lines.join('\n')}\n`;
}
