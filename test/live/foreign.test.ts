import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openMemory } from '../../src/index.ts';
import { structpage } from '../cli/run.ts';
import { type Answers, bootForeign, parseAnswers } from './foreign/boot.ts';
import {
  compareCgroups,
  compareMappings,
  comparePages,
  compareProcesses,
  ZERO_PAGE,
} from './foreign/compare.ts';
import { MACHINES, type Machine } from './foreign/machines.ts';
import { KERNELS, which } from './guest.ts';

/**
 * Guests of other architectures, each stopped right after its kernel was asked: STRUCTPAGE_KERNELS has their kernels, and the
 * programs of their init in programs-ARCHITECTURE (`ARCH=... test/live/fetch-kernels.sh` gets both).
 *   npm run test:guest -- test/live/foreign.test.ts -t riscv64
 * STRUCTPAGE_KEEP=FOLDER keeps the dumps and what the guests printed; guests that are there are not booted again.
 */
const KEEP = process.env.STRUCTPAGE_KEEP;
const folder = KEEP ?? mkdtempSync(join(tmpdir(), 'structpage-foreign-'));
afterAll(() => {
  if (!KEEP) rmSync(folder, { recursive: true, force: true });
});

interface Guest {
  readonly machine: Machine;
  readonly release: string;
}

const guests: Guest[] = MACHINES.flatMap((machine) => {
  if (!existsSync(programsOf(machine)) || !which(`qemu-system-${machine.qemu}`)) return [];
  return readdirSync(KERNELS)
    .filter((name) => /^\d/.test(name) && machine.kernels.test(name))
    .map((release) => ({ machine, release }));
});

/** Debian's kernels before 6.12 lack symbols of variables, such as that of the zero page, and those of s390x and ppc64le types, too. */
function knowsProcesses(release: string): boolean {
  return !/^(5|6\.1)\./.test(release);
}

function programsOf({ debian }: Machine): string {
  return join(KERNELS, `programs-${debian}`);
}

describe.skipIf(guests.length === 0)('guests of other architectures', () => {
  for (const guest of guests.length > 0 ? guests : [undefined]) {
    test(guest ? `${guest.machine.name}, ${guest.release}` : 'any', () => compare(guest!));
  }
});

async function compare(guest: Guest): Promise<void> {
  const { machine, release } = guest;
  const own = join(folder, `${machine.name}-${release}`);
  const dump = join(own, 'vmcore');
  const answers = await answersOf(guest, own, dump);
  const inspector = await openMemory(dump);
  try {
    expect(inspector.kernel.release).toBe(release);
    const pageSize = 2 ** inspector.model.pageShift;
    const isWhole = knowsProcesses(release);
    const found = [
      comparePages(inspector, answers, isWhole ? 0n : ZERO_PAGE),
      ...(machine.onlyPages ? [] : [await compareCgroups(inspector, answers)]),
    ];
    if (isWhole && !machine.onlyPages) {
      const table = (...args: string[]): string => {
        const { code, out, err } = structpage(...args, dump, '--format', 'csv');
        expect([code, err]).toEqual([0, '']);
        return out;
      };
      found.push(
        compareMappings(table('mappings'), answers, pageSize),
        compareProcesses(table('owners', '--by', 'process'), answers, pageSize),
      );
    }
    for (const { what, total, different } of found) {
      console.log(
        `${machine.name}, ${release}: ${total - different.length} of ${total} ${what} as their kernel says`,
      );
    }
    for (const { what, total, different } of found) {
      expect.soft(different.slice(0, 10), what).toEqual([]);
      if (what !== 'cgroups') expect.soft(total, what).toBeGreaterThan(0);
    }
  } finally {
    inspector.close();
    if (!KEEP) rmSync(own, { recursive: true, force: true });
  }
}

async function answersOf({ machine, release }: Guest, own: string, dump: string): Promise<Answers> {
  const said = join(own, 'console');
  if (existsSync(said) && existsSync(dump)) return parseAnswers(readFileSync(said, 'latin1'));
  mkdirSync(own, { recursive: true });
  const answers = await bootForeign(machine, {
    kernel: join(KERNELS, release, 'vmlinuz'),
    root: programsOf(machine),
    folder: own,
    stopped: (monitor) => monitor.dump(dump, 'elf'),
  });
  if (KEEP) writeFileSync(said, answers.console, 'latin1');
  return answers;
}
