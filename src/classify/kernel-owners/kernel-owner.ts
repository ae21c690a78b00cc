import type { Pfn } from '../../core/address.ts';
import type { Machine } from '../claimant.ts';
import type { FileHolders } from './file-holders.ts';

/** What owner finders work with. */
export interface OwnerParts {
  readonly machine: Machine;
  /** The class of each page frame. */
  readonly codes: Uint8Array;
  /** The processes that have files open. */
  readonly holders: FileHolders;
}

/** Receives the owner of page frames. The first owner of a page stays. */
export type TellOwner = (owner: string, pfn: Pfn, count?: number) => void;

/**
 * SEAM: something that knows whose memory of the kernel some pages are. To add one: write `src/classify/kernel-owners/<what>.ts`
 * that exports an OwnerFinder, add it to FINDERS in `find-owners.ts`, and the text that it gives to docs/owners.md. It may throw
 * FaultError, LayoutError or ChainError: what it found so far stands, and the rest is reported.
 */
export interface OwnerFinder {
  /** What it walks, for messages. */
  readonly name: string;
  find(parts: OwnerParts, tell: TellOwner): void;
}
