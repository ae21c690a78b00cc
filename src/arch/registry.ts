import type { Architecture } from './architecture.ts';
import { x86_64 } from './x86_64.ts';

/** Every architecture whose memory can be read. */
export const ARCHITECTURES: readonly Architecture[] = [x86_64];

/** Names of ELF machines that people have dumps of, for the sentence that says what is not supported. */
const MACHINES: Record<number, string> = {
  3: 'i386',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  183: 'arm64',
  243: 'riscv64',
  258: 'loongarch64',
};

/** The architecture of an ELF machine number. */
export function architectureOf(machine: number): Architecture | undefined {
  return ARCHITECTURES.find((a) => a.elfMachine === machine);
}

/** A name for an ELF machine number, for messages. */
export function machineName(machine: number): string {
  return architectureOf(machine)?.name ?? MACHINES[machine] ?? `machine ${machine}`;
}
