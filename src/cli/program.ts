import { Command } from 'commander';
import { balanceCommand } from './commands/balance.ts';
import { captureCommand } from './commands/capture.ts';
import { columnsCommand } from './commands/columns.ts';
import { completionCommand } from './commands/completion.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { dumpCommand } from './commands/dump.ts';
import { exportCommand } from './commands/export.ts';
import { fileCommand } from './commands/file.ts';
import { fleetCommand } from './commands/fleet.ts';
import { fragmentationCommand } from './commands/fragmentation.ts';
import { helpCommand } from './commands/help.ts';
import { infoCommand } from './commands/info.ts';
import { layoutCommand } from './commands/layout.ts';
import { mapCommand } from './commands/map.ts';
import { mappingsCommand } from './commands/mappings.ts';
import { memcgCommand } from './commands/memcg.ts';
import { objectCommands } from './commands/objects.ts';
import { ownersCommand } from './commands/owners.ts';
import { pageCommand } from './commands/page.ts';
import { procCommands } from './commands/proc.ts';
import { processCommand } from './commands/process.ts';
import { referrersCommand } from './commands/referrers.ts';
import { slabCommand } from './commands/slab.ts';
import { snapshotCommand } from './commands/snapshot.ts';
import { sqlCommand } from './commands/sql.ts';
import { summaryCommand } from './commands/summary.ts';
import { tableCommand } from './commands/table.ts';
import { topCommand } from './commands/top.ts';
import { translateCommand } from './commands/translate.ts';
import { treemapCommand } from './commands/treemap.ts';
import { verifyCommand } from './commands/verify.ts';
import { watchCommand } from './commands/watch.ts';
import { addExamples } from './help.ts';
import type { Outcome } from './open.ts';
import { print } from './output.ts';

/** The command with all of its subcommands. `outcome` receives the exit code. */
export function makeProgram(outcome: Outcome, version: string): Command {
  const program = new Command()
    .name('structpage')
    .description(
      "Decodes the kernel's struct page array, from a memory dump or from this machine while it runs. Needs no debuginfo.",
    )
    .version(version)
    .helpCommand(false)
    .showHelpAfterError("See 'structpage --help' or 'structpage <command> --help'.")
    .configureOutput({
      writeErr: (text) => print(process.stderr, text),
      outputError: (text, write) => write(text.replace(/^error: /, 'structpage: ')),
    })
    .exitOverride();
  addExamples(
    program,
    'structpage summary vmcore',
    "structpage dump vmcore --where 'type == slab' --limit 20",
    'structpage export vmcore -o pages.csv',
    'sudo structpage summary            # this machine',
  );

  dumpCommand(program, outcome);
  exportCommand(program, outcome);
  mapCommand(program, outcome);
  treemapCommand(program, outcome);
  infoCommand(program);
  pageCommand(program);
  referrersCommand(program, outcome);
  summaryCommand(program, outcome);
  balanceCommand(program, outcome);
  slabCommand(program, outcome);
  fragmentationCommand(program, outcome);
  procCommands(program, outcome);
  ownersCommand(program, outcome);
  processCommand(program, outcome);
  fileCommand(program, outcome);
  memcgCommand(program, outcome);
  objectCommands(program, outcome);
  mappingsCommand(program, outcome);
  tableCommand(program, outcome);
  sqlCommand(program, outcome);
  snapshotCommand(program, outcome);
  fleetCommand(program);
  translateCommand(program);
  captureCommand(program);
  diffCommand(program, outcome);
  topCommand(program, outcome);
  watchCommand(program, outcome);
  verifyCommand(program, outcome);
  layoutCommand(program);
  columnsCommand(program);
  doctorCommand(program, outcome);
  completionCommand(program);
  helpCommand(program);
  return program;
}
