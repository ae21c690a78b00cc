import type { Pfn } from '../core/address.ts';
import type { Machine } from './claimant.ts';
import type { Claims } from './claims.ts';
import { PAGE_CLASSES } from './classes.ts';

const IS_UNKNOWN: readonly boolean[] = PAGE_CLASSES.map((c) => c.name === 'unknown');

/** Whether nothing has claimed a page so far. Only for claimants that run after the struct pages. */
export function isUnclaimed({ codes }: Claims, pfn: Pfn): boolean {
  return IS_UNKNOWN[codes[pfn] ?? 0] === true;
}

/** Claims the unknown pages of a compound page. */
export function claimCompound(machine: Machine, claims: Claims, pfn: Pfn, code: number): void {
  const { head, pages } = machine.compounds.at(pfn) ?? { head: pfn, pages: 1 };
  claimUnknown(claims, head, pages, code);
}

/** Claims the unknown pages among some. */
export function claimUnknown(claims: Claims, start: Pfn, count: number, code: number): void {
  const end = Math.min(start + count, claims.codes.length);
  for (let pfn = start; pfn < end; pfn++) if (isUnclaimed(claims, pfn)) claims.codes[pfn] = code;
}
