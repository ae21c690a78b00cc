import { CommanderError } from 'commander';
import { packageVersion } from '../core/version.ts';
import { explained } from '../core/write-faults.ts';
import { StructPageError } from '../index.ts';
import { isAddressSpaceShort, runFrugally } from './address-space.ts';
import type { Outcome } from './open.ts';
import { ClosedPipe, say } from './output.ts';
import { makeProgram } from './program.ts';

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
const program = makeProgram(outcome, version, process.argv[2]);

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
