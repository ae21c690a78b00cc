import type { Pfn } from '../../core/address.ts';
import { StructPageError } from '../../core/errors.ts';
import type { Machine } from '../claimant.ts';
import type { Gap } from '../gap.ts';
import { bpfOwners } from './bpf.ts';
import { compressedOwners } from './compressed.ts';
import { FileHolders } from './file-holders.ts';
import type { OwnerFinder, TellOwner } from './kernel-owner.ts';
import { poolOwners } from './page-pools.ts';
import { tableOwners } from './page-tables.ts';
import { pipeOwners } from './pipes.ts';
import { ringOwners } from './rings.ts';
import { socketOwners } from './sockets.ts';
import { moduleOwners, stackOwners } from './tasks.ts';

/** In the order of precedence. */
const FINDERS: readonly OwnerFinder[] = [
  stackOwners,
  moduleOwners,
  tableOwners,
  bpfOwners,
  pipeOwners,
  socketOwners,
  ringOwners,
  compressedOwners,
  poolOwners,
];

/** The owners of memory that the kernel allocated. */
export interface KernelOwners {
  /** In words, by code; code 0 means none. */
  readonly names: readonly string[];
  /** The code of a page frame. */
  of(pfn: Pfn): number;
}

/** Asks all finders; adds what they cannot follow to `gaps`. */
export function findOwners(machine: Machine, codes: Uint8Array, gaps: Gap[]): KernelOwners {
  const names = [''];
  const known = new Map<string, number>();
  const owners = new Uint32Array(codes.length);
  const tell: TellOwner = (owner, start, count = 1) => {
    let code = known.get(owner);
    if (code === undefined) {
      code = names.push(owner) - 1;
      known.set(owner, code);
    }
    const end = Math.min(start + count, owners.length);
    for (let pfn = start; pfn < end; pfn++) if (owners[pfn] === 0) owners[pfn] = code;
  };
  const tried = (what: string, walk: () => void): void => {
    try {
      walk();
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      // a walk that is repeated is cut at the same place
      if (!gaps.some((g) => g.why === error.message)) gaps.push({ what, why: error.message });
    }
  };
  tried('open files', () => {
    const holders = new FileHolders(machine.objects);
    for (const finder of FINDERS) tried(finder.name, () => finder.find({ machine, codes, holders }, tell));
  });
  return { names, of: (pfn) => owners[pfn] ?? 0 };
}
