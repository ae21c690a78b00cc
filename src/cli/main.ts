import { Command, CommanderError } from 'commander';
import { packageVersion } from '../core/version.ts';
import { StructPageError } from '../index.ts';
import { isAddressSpaceShort, runFrugally } from './address-space.ts';
import { balanceCommand } from './commands/balance.ts';
import { captureCommand } from './commands/capture.ts';
import { columnsCommand } from './commands/columns.ts';
import { doctorCommand } from './commands/doctor.ts';
import { dumpCommand } from './commands/dump.ts';
import { exportCommand } from './commands/export.ts';
import { fileCommand } from './commands/file.ts';
import { fragmentationCommand } from './commands/fragmentation.ts';
import { infoCommand } from './commands/info.ts';
import { layoutCommand } from './commands/layout.ts';
import { mappingsCommand } from './commands/mappings.ts';
import { memcgCommand } from './commands/memcg.ts';
import { objectCommands } from './commands/objects.ts';
import { ownersCommand } from './commands/owners.ts';
import { pageCommand } from './commands/page.ts';
import { procCommands } from './commands/proc.ts';
import { processCommand } from './commands/process.ts';
import { referrersCommand } from './commands/referrers.ts';
import { slabCommand } from './commands/slab.ts';
import { sqlCommand } from './commands/sql.ts';
import { summaryCommand } from './commands/summary.ts';
import { tableCommand } from './commands/table.ts';
import { translateCommand } from './commands/translate.ts';
import { verifyCommand } from './commands/verify.ts';
import { examples, helpCommand } from './help.ts';
import type { Outcome } from './open.ts';
import { ClosedPipe, explained, print, say } from './output.ts';

const EXIT: Record<StructPageError['code'], number> = {
  usage: 2,
  format: 3,
  fault: 3,
  unsupported: 4,
  layout: 4,
  output: 3,
};

/** Something could not be read. */
const EXIT_SHORTAGE = 3;
/** EX_SOFTWARE of sysexits.h. */
const EXIT_BUG = 70;

const outcome: Outcome = { code: 0 };
const version = packageVersion();
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
  .addHelpText(
    'after',
    examples(
      'structpage summary vmcore',
      "structpage dump vmcore --where 'type == slab' --limit 20",
      'structpage export vmcore -o pages.csv',
      'sudo structpage summary            # this machine',
    ),
  )
  .exitOverride();

dumpCommand(program, outcome);
exportCommand(program, outcome);
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
translateCommand(program);
captureCommand(program);
verifyCommand(program, outcome);
layoutCommand(program);
columnsCommand(program);
doctorCommand(program, outcome);
helpCommand(program);

async function run(): Promise<number> {
  if (isAddressSpaceShort()) return runFrugally();
  await program.parseAsync();
  return outcome.code;
}

run().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = exitCode(error);
  },
);

function exitCode(thrown: unknown): number {
  // errors of other files are explained where they are written
  const { syscall } = thrown as NodeJS.ErrnoException;
  const error = syscall === 'write' ? explained(thrown, 'standard output') : thrown;
  if (error instanceof ClosedPipe) return 0;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof StructPageError) {
    say(error.message);
    return EXIT[error.code];
  }
  const shortage = shortageOf(error as NodeJS.ErrnoException);
  if (shortage !== undefined) {
    say(shortage);
    return EXIT_SHORTAGE;
  }
  say(
    `internal error in structpage ${version}; please report it with the following lines\n${(error as Error)?.stack ?? error}`,
  );
  return EXIT_BUG;
}

/** The resource that the system lacks, as a sentence; undefined for any other error. */
function shortageOf(error: NodeJS.ErrnoException | undefined): string | undefined {
  if (error?.code === 'EMFILE')
    return "this process may not open as many files as it needs: raise 'ulimit -n'";
  if (error?.code === 'ENFILE') return 'this machine has no more descriptors for open files';
  const noMemory = error instanceof RangeError && /allocation failed|allocate memory/i.test(error.message);
  if (noMemory || error?.code === 'ENOMEM') {
    return "this process cannot have as much memory as it needs: raise its limit ('ulimit -v'), or use fewer threads (--jobs 1)";
  }
  return undefined;
}
