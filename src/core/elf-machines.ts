/** An ELF machine. */
export interface ElfMachine {
  /** e_machine. */
  readonly number: number;
  /** Its names in `uname -m`; the first is QEMU's. */
  readonly uname: readonly string[];
  /** Its name in messages, if no other is known. */
  readonly name: string;
}

/** Every ELF machine that messages name, supported or not (include/uapi/linux/elf-em.h). */
export const ELF_MACHINES: readonly ElfMachine[] = [
  { number: 3, uname: ['i386', 'i486', 'i586', 'i686'], name: 'i386' },
  { number: 8, uname: ['mips64', 'mips'], name: 'mips' },
  { number: 20, uname: ['ppc'], name: 'ppc' },
  { number: 21, uname: ['ppc64', 'ppc64le'], name: 'ppc64' },
  { number: 22, uname: ['s390x'], name: 's390x' },
  { number: 40, uname: ['arm', 'armv5tel', 'armv6l', 'armv7l', 'armv8l'], name: 'arm' },
  { number: 43, uname: ['sparc64'], name: 'sparc64' },
  { number: 62, uname: ['x86_64'], name: 'x86_64' },
  { number: 183, uname: ['aarch64'], name: 'arm64' },
  { number: 243, uname: ['riscv64', 'riscv32'], name: 'riscv64' },
  { number: 258, uname: ['loongarch64'], name: 'loong64' },
];

/** The ELF machine number for a name that uname -m, QEMU or a kdump header uses; undefined for an unknown name. */
export function machineOf(uname: string): number | undefined {
  return ELF_MACHINES.find((m) => m.uname.includes(uname))?.number;
}

/** A name for an ELF machine number, for messages. */
export function machineName(number: number): string {
  return ELF_MACHINES.find((m) => m.number === number)?.name ?? `machine ${number}`;
}
