/** ELF machine numbers by what `uname -m` says; undefined for what is unknown (QEMU may write `Unknown`). */
export function machineOf(name: string): number | undefined {
  return MACHINES[name];
}

const MACHINES: Readonly<Record<string, number>> = {
  x86_64: 62,
  aarch64: 183,
  riscv64: 243,
  s390x: 22,
  ppc64: 21,
  ppc64le: 21,
  loongarch64: 258,
};
