import type { Command } from 'commander';
import { PROC_FILES } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { say, stdout } from '../output.ts';

/** structpage meminfo, vmstat, ...: files of /proc as the kernel would have printed them. */
export function procCommands(program: Command, outcome: Outcome): void {
  for (const { name, help, text } of PROC_FILES) {
    const command = program
      .command(name)
      .summary(`print /proc/${name} of the dump: ${help}`)
      .description(`Prints /proc/${name} as the kernel of the dump would print it: ${help}.`)
      .argument('[dump...]', DUMP_HELP);
    addExamples(command, `structpage ${name} vmcore`);
    addCache(addImage(command)).action(async (dumps: string[], options: ImageOptions) => {
      await withImage(dumps, options, async (inspector) => {
        const { objects, model, layout, reader } = inspector;
        const trouble = (sentence: string): void => {
          say(sentence);
          outcome.code = 3;
        };
        await stdout(text({ objects, model, layout, reader }, trouble));
      });
    });
  }
}
