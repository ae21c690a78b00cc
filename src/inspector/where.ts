import type { Pfn } from '../core/address.ts';
import { hex } from '../core/address.ts';
import { FaultError, UsageError } from '../core/errors.ts';
import { explainPhysical } from './explain-physical.ts';
import type { Inspector } from './inspector.ts';

/** A page as a user names it, and what that name turned out to mean. */
export interface Located {
  readonly pfn: Pfn;
  /** What was named, in words, e.g. `virtual address 0x...`; empty for a pfn. */
  readonly how: string;
}

const FORMS = 'pfn:1234, phys:0x4d2000, page:0xffffea0000013480 (a struct page), virt:0xffff888000001000';

type Kind = 'pfn' | 'phys' | 'page' | 'virt';

/** Takes apart what names a page. Throws UsageError for what cannot be meant. */
export function parseWhere(where: string): { readonly kind: Kind; readonly value: bigint } {
  const match = /^(pfn|phys|page|virt):(0x[0-9a-f]+|\d+)$/i.exec(where.trim());
  if (!match) {
    throw new UsageError(
      /^(0x)?[0-9a-f]+$/i.test(where.trim())
        ? `'${where}' could be a pfn or one of several kinds of address; say which: ${FORMS}`
        : `'${where}' names no page; write one of ${FORMS}`,
    );
  }
  return { kind: match[1]!.toLowerCase() as Kind, value: BigInt(match[2]!) };
}

/** Finds the page that `where` names. Throws UsageError for what cannot be meant, FaultError for an unmapped address. */
export function locatePage(inspector: Inspector, where: string): Located {
  const { kind, value } = parseWhere(where);
  const shift = BigInt(inspector.kernel.architecture.pageShift);
  switch (kind) {
    case 'pfn':
      return check(inspector, value, '');
    case 'phys':
      return check(inspector, value >> shift, `physical address ${hex(value)}`, value);
    case 'page': {
      const pfn = inspector.model.pfnOf(value);
      if (pfn === undefined) {
        throw new UsageError(
          `${hex(value)} is not in the array of struct pages, which begins at ${hex(inspector.model.base ?? 0n)}`,
        );
      }
      const exact = inspector.model.addressOf(pfn) === value;
      return check(inspector, BigInt(pfn), `struct page address ${hex(value)}${exact ? '' : ' (within it)'}`);
    }
    default: {
      const physical = inspector.kernel.space.walker.translate(value, where);
      return check(
        inspector,
        BigInt(physical) >> shift,
        `virtual address ${hex(value)} (physical ${hex(physical)})`,
      );
    }
  }
}

function check(inspector: Inspector, pfn: bigint, how: string, address?: bigint): Located {
  const most = 2n ** BigInt(inspector.model.maxPhysicalBits - inspector.kernel.architecture.pageShift);
  if (pfn < most) {
    const number = Number(pfn);
    if (inspector.model.present.some((r) => number >= r.start && number < r.end)) return { pfn: number, how };
  }
  const last = inspector.model.present.at(-1);
  const meant = explainPhysical(inspector, address ?? pfn << BigInt(inspector.kernel.architecture.pageShift));
  const advice = meant === undefined ? '' : ` (${meant})`;
  if (pfn < most) {
    throw new FaultError({
      address: pfn << BigInt(inspector.kernel.architecture.pageShift),
      space: 'physical',
      reason: 'hole',
      what: `${how ? `${how} is pfn` : 'pfn'} ${pfn}${how ? ', which' : ''} has no struct page (the last that has is ${last ? last.end - 1 : 'none'})${advice}`,
    });
  }
  throw new UsageError(
    `${how || `pfn ${pfn}`} is beyond physical memory: this kernel reckons with at most ${inspector.model.maxPhysicalBits} bits of it${advice}`,
  );
}
