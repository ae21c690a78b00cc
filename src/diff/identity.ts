/** What tells machines, kernels and boots apart. Facts that are not known are left out. */
export interface Identity {
  /** Facts that differ between kernels or machines, in words: release, build id, architecture, page size. */
  readonly machine: ReadonlyMap<string, string>;
  /** Facts that the kernel draws at random at each boot. Equal values prove that the boot is the same. */
  readonly drawn: ReadonlyMap<string, string>;
  /** Addresses that a kernel may or may not draw at random. Different values prove different boots; equal ones prove nothing. */
  readonly places: ReadonlyMap<string, string>;
  /** Grows as long as the machine runs; undefined if not known. */
  readonly ticks: bigint | undefined;
}

/** How two dumps are related. */
export type Kinship =
  /** Something random is equal in both. */
  | 'same boot'
  /** Nothing differs, and nothing random is known in both. */
  | 'unknown'
  | 'other boot'
  | 'other machine';

/** How two identities are related, and the fact that tells. */
export interface Relation {
  readonly kinship: Kinship;
  /** A clause for people, e.g. `the release is 6.1 in a.elf and 6.12 in b.elf`. */
  readonly evidence: string;
}

/** Compares two identities. */
export function relate(
  a: { readonly name: string; readonly identity: Identity },
  b: { readonly name: string; readonly identity: Identity },
): Relation {
  const differing = (facts: 'machine' | 'drawn' | 'places'): string | undefined => {
    for (const [what, value] of a.identity[facts]) {
      const other = b.identity[facts].get(what);
      if (other !== undefined && other !== value) {
        return facts === 'drawn'
          ? `${what} differs between ${a.name} and ${b.name}`
          : `${what} is ${value} in ${a.name} and ${other} in ${b.name}`;
      }
    }
    return undefined;
  };
  const machine = differing('machine');
  if (machine !== undefined) return { kinship: 'other machine', evidence: machine };
  const boot = differing('drawn') ?? differing('places');
  if (boot !== undefined) return { kinship: 'other boot', evidence: boot };
  for (const what of a.identity.drawn.keys()) {
    if (b.identity.drawn.has(what)) return { kinship: 'same boot', evidence: `${what} is the same` };
  }
  return {
    kinship: 'unknown',
    evidence: `nothing in ${a.name} and ${b.name} proves that they are from one boot`,
  };
}
