import type { Pfn } from '../core/address.ts';
import { hex } from '../core/address.ts';
import { FaultError, UsageError } from '../core/errors.ts';
import { explainPhysical } from './explain-physical.ts';
import { translateAddress } from './explain-virtual.ts';
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
  const shift = BigInt(inspector.kernel.pageShift);
  switch (kind) {
    case 'pfn':
      return check(inspector, value, '');
    case 'phys': {
      const within = value & ((1n << shift) - 1n);
      const how = `physical address ${hex(value)}${within === 0n ? '' : ` (byte ${within} of it)`}`;
      return check(inspector, value >> shift, how, value);
    }
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
      const physical = translateAddress(inspector, value).physical;
      return check(
        inspector,
        BigInt(physical) >> shift,
        `virtual address ${hex(value)} (physical ${hex(physical)})`,
      );
    }
  }
}

function check(inspector: Inspector, pfn: bigint, how: string, address?: bigint): Located {
  const { model, kernel, image } = inspector;
  const shift = BigInt(kernel.pageShift);
  const most = (2n ** BigInt(model.maxPhysicalBits)) >> shift;
  const named = how ? `${how} is pfn ${pfn}, which` : `pfn ${pfn}`;
  if (pfn >= most) {
    const meant = explainPhysical(inspector, address ?? pfn << shift);
    throw new UsageError(
      `${how || `pfn ${pfn}`} is beyond physical memory: this kernel reckons with at most ${model.maxPhysicalBits} bits of it${meant === undefined ? '' : ` (${meant})`}`,
    );
  }
  const number = Number(pfn);
  const there = image.memory.runAt(Number(pfn << shift));
  // that no RAM is there need not be told by a dump, whose holes may be what its maker left out
  const why = there.state === 'hole' ? there.why : undefined;
  if (model.present.some((r) => number >= r.start && number < r.end)) {
    return { pfn: number, how: why === undefined ? how : `${how || `pfn ${pfn}`} (${why})` };
  }
  const last = model.present.at(-1);
  throw new FaultError({
    address: pfn << shift,
    space: 'physical',
    reason: 'hole',
    what: `${named} has no struct page (the last that has is ${last ? last.end - 1 : 'none'})`,
    advice: [why, capital(explainPhysical(inspector, address ?? pfn << shift))].filter(Boolean).join('. '),
  });
}

function capital(text: string | undefined): string {
  return text === undefined ? '' : text.charAt(0).toUpperCase() + text.slice(1);
}
