import type { Command } from 'commander';
import { PROC_FILES } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, addJson, DUMP_HELP, type ImageOptions } from '../options.ts';
import { printJson, say, stdout } from '../output.ts';

/** structpage meminfo, vmstat, ...: files of /proc as the kernel would have printed them. */
export function procCommands(program: Command, outcome: Outcome): void {
  for (const { name, help, text, data } of PROC_FILES) {
    const command = program
      .command(name)
      .summary(`print /proc/${name} of the dump: ${help}`)
      .description(`Prints /proc/${name} as the kernel of the dump would print it: ${help}.`)
      .argument('[dump...]', DUMP_HELP);
    addExamples(command, `structpage ${name} vmcore`, `structpage ${name} vmcore --json`);
    addCache(addImage(addJson(command))).action(
      async (dumps: string[], options: ImageOptions & { json?: boolean }) => {
        await withImage(dumps, options, async (inspector) => {
          const { objects, model, layout, reader } = inspector;
          const trouble = (sentence: string): void => {
            say(sentence);
            outcome.code = 3;
          };
          const file = text({ objects, model, layout, reader }, trouble);
          await (options.json ? printJson(data(file)) : stdout(file));
        });
      },
    );
  }
}
