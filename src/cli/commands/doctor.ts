import type { Command } from 'commander';
import { doctor, type LiveSource } from '../../index.ts';
import { addExamples } from '../help.ts';
import type { Outcome } from '../open.ts';
import { printJson, stdout } from '../output.ts';

/** structpage doctor: each method of reading this machine's memory, and what prevents it. */
export function doctorCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('doctor')
    .summary("show how this machine's memory can be read, and what prevents it")
    .description(
      "Tries each method of reading this machine's memory, in the order that the other commands use without a dump. Shows why a method fails and how to enable it. Exits with 4 if none works.",
    )
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const ways = doctor();
      await (options.json ? printJson(ways) : stdout(text(ways)));
      if (!ways.some((w) => w.works)) outcome.code = 4;
    });
  addExamples(command, 'sudo structpage doctor');
}

function text(ways: readonly LiveSource[]): string {
  const lines = ways.flatMap((w) => {
    const head = `${(w.order ?? '-').toString().padStart(5)}  ${w.name.padEnd(6)}  ${(w.works ? 'yes' : 'no').padEnd(5)}  `;
    return [head + w.why, ...(w.remedy ? [`${' '.repeat(head.length)}remedy: ${w.remedy}`] : [])];
  });
  return `order  source  works  why\n${lines.join('\n')}\n`;
}
