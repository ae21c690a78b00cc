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

/** What adds subcommands, in the order of the help, with the name of the one that it adds; no name if it adds several, or shows the others. */
const COMMANDS: readonly (readonly [name: string, add: (program: Command, outcome: Outcome) => void])[] = [
  ['dump', dumpCommand],
  ['export', exportCommand],
  ['map', mapCommand],
  ['treemap', treemapCommand],
  ['info', infoCommand],
  ['page', pageCommand],
  ['referrers', referrersCommand],
  ['summary', summaryCommand],
  ['balance', balanceCommand],
  ['slab', slabCommand],
  ['fragmentation', fragmentationCommand],
  ['', procCommands],
  ['owners', ownersCommand],
  ['process', processCommand],
  ['file', fileCommand],
  ['memcg', memcgCommand],
  ['', objectCommands],
  ['mappings', mappingsCommand],
  ['table', tableCommand],
  ['sql', sqlCommand],
  ['snapshot', snapshotCommand],
  ['fleet', fleetCommand],
  ['translate', translateCommand],
  ['capture', captureCommand],
  ['diff', diffCommand],
  ['top', topCommand],
  ['watch', watchCommand],
  ['verify', verifyCommand],
  ['layout', layoutCommand],
  ['columns', columnsCommand],
  ['doctor', doctorCommand],
  ['', completionCommand],
  ['', helpCommand],
];

/**
 * The command with all of its subcommands; with the one named `only` alone, if there is one, since making all of them delays
 * the start. `outcome` receives the exit code.
 */
export function makeProgram(outcome: Outcome, version: string, only?: string): Command {
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

  const chosen = COMMANDS.filter(([name]) => name !== '' && name === only);
  for (const [, add] of chosen.length > 0 ? chosen : COMMANDS) add(program, outcome);
  return program;
}
