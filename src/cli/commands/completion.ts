import { Argument, type Command } from 'commander';
import { splitBashLine } from '../completion/bash-line.ts';
import { type Completion, completionOf } from '../completion/candidates.ts';
import { SCRIPTS } from '../completion/scripts.ts';
import { addExamples } from '../help.ts';
import { stdoutData } from '../output.ts';
import { SHELLS, type Shell } from '../shells.ts';

/** structpage completion: scripts for shells, and what they ask for. */
export function completionCommand(program: Command): void {
  const command = program
    .command('completion')
    .summary('print a script that completes the command line in a shell')
    .description(
      'Prints a script for a shell that completes commands, options, columns, flags, formats and files of structpage.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => stdoutData(SCRIPTS[shell]));
  addExamples(
    command,
    'source <(structpage completion bash)',
    'structpage completion bash > /etc/bash_completion.d/structpage',
    'source <(structpage completion zsh)',
    'structpage completion fish > ~/.config/fish/completions/structpage.fish',
  );

  const asked = program.command('__complete', { hidden: true });
  asked
    .command('bash')
    .argument('<line>')
    .action((line: string) => {
      const { words, current, kept, isQuoted } = splitBashLine(line);
      const completion = completionOf(program, words.slice(1), current);
      return stdoutData(answer(completion, (word) => shortened(word, kept, isQuoted)));
    });
  asked
    .command('words')
    .argument('[word...]')
    .action((words: string[]) =>
      stdoutData(answer(completionOf(program, words.slice(0, -1), words.at(-1) ?? ''), (word) => word)),
    );
}

function answer({ candidates, files, isOpen }: Completion, text: (word: string) => string): string {
  const attributes = [files ? 'files' : '', isOpen ? 'open' : ''].join(' ').trim();
  return [attributes, ...candidates.map(({ word, about }) => `${text(word)}\t${about}`), ''].join('\n');
}

/** The part of a word that bash puts in. Outside of quotation marks, one with spaces begins a quotation. */
function shortened(word: string, kept: number, isQuoted: boolean): string {
  const rest = word.slice(kept);
  return !isQuoted && /[^\w./,:+=@%-]/.test(rest) ? `'${rest}` : rest;
}
