import type { Pfn } from '../core/address.ts';
import { hex } from '../core/address.ts';
import { FaultError, UsageError } from '../core/errors.ts';
import { explainPhysical } from './explain-physical.ts';
import { translateAddress } from './explain-virtual.ts';
import type { Inspector } from './inspector.ts';
import { nameObject } from './name-object.ts';

/** The page that a user named. */
export interface LocatedPage {
  readonly pfn: Pfn;
  /** How the name was understood, e.g. `virtual address 0x... (physical 0x...)`; empty for a pfn. */
  readonly how: string;
}

const FORMS = 'pfn:1234, phys:0x4d2000, page:0xffffea0000013480 (a struct page), virt:0xffff888000001000';

/** The possible meanings of a number that names a page. */
const MEANINGS = ['pfn', 'phys', 'page', 'virt'] as const;
export type Meaning = (typeof MEANINGS)[number];

/** A parsed page name; `meaning` is undefined for a bare number. */
export interface PageName {
  readonly text: string;
  readonly meaning: Meaning | undefined;
  readonly value: bigint;
}

/**
 * Parses a page name: `pfn:N`, `phys:0x...`, `page:0x...`, `virt:0x...`, or a bare number. A bare decimal number is a pfn.
 * Throws UsageError for anything else.
 */
export function parsePageName(text: string): PageName {
  const match = /^(?:(pfn|phys|page|virt):)?(0x[0-9a-f]{1,16}|\d{1,20})$/i.exec(text.trim());
  if (!match) throw new UsageError(`'${text}' names no page; write one of ${FORMS}`);
  const decimal = !/^0x/i.test(match[2]!);
  const meaning = match[1]?.toLowerCase() as Meaning | undefined;
  return { text, meaning: meaning ?? (decimal ? 'pfn' : undefined), value: BigInt(match[2]!) };
}

/**
 * Finds the page that `text` names. A bare hexadecimal number is accepted if it has only one meaning, like most kernel
 * addresses. Throws UsageError for a name with no meaning or with several, FaultError for an address that is not mapped.
 */
export function locatePage(inspector: Inspector, text: string): LocatedPage {
  const name = parsePageName(text);
  const { value } = name;
  const meaning = name.meaning ?? onlyMeaning(inspector, name);
  const shift = BigInt(inspector.kernel.pageShift);
  switch (meaning) {
    case 'pfn':
      return check(inspector, value, '');
    case 'phys': {
      const within = value & ((1n << shift) - 1n);
      const how = `physical address ${hex(value)}${within === 0n ? '' : ` (byte ${within} of the page)`}`;
      return check(inspector, value >> shift, how, value);
    }
    case 'page': {
      const pfn = inspector.model.pfnOf(value);
      if (pfn === undefined) {
        throw new UsageError(
          `${hex(value)} is not in the struct page array, which starts at ${hex(startOfArray(inspector))}`,
        );
      }
      const exact = inspector.model.addressOf(pfn) === value;
      const how = `struct page address ${hex(value)}${exact ? '' : ' (inside the struct page)'}`;
      return check(inspector, BigInt(pfn), how);
    }
    default: {
      const { physical } = translateAddress(inspector, value);
      const how = `virtual address ${hex(value)} (physical ${hex(physical)})`;
      const located = check(inspector, BigInt(physical) >> shift, how);
      const object = nameObject(inspector, value, located.pfn);
      return object === undefined ? located : { ...located, how: `${how}, in ${object},` };
    }
  }
}

/** Where the first struct page is, or would be. */
function startOfArray({ model }: Inspector): bigint {
  const first = model.kind === 'FLATMEM' ? (model.present[0]?.start ?? 0) : 0;
  return model.addressOf(first) ?? 0n;
}

/** The one meaning that a bare number has in this memory. */
function onlyMeaning(inspector: Inspector, { text, value }: PageName): Meaning {
  const { model, kernel } = inspector;
  const hasPage = (pfn: bigint): boolean => model.present.some((r) => pfn >= r.start && pfn < r.end);
  // the struct page array is virtual memory too, but a struct page's address names the page that it describes
  if (model.pfnOf(value) !== undefined) return 'page';
  const possible: Record<Exclude<Meaning, 'page'>, boolean> = {
    pfn: hasPage(value),
    phys: hasPage(value >> BigInt(kernel.pageShift)),
    virt: kernel.space.walker.walk(value).physical !== undefined,
  };
  const meanings = MEANINGS.filter((m) => m !== 'page' && possible[m]);
  if (meanings.length === 1) return meanings[0]!;
  if (meanings.length > 1) {
    const choices = meanings.map((m) => `${m}:${text}`).join(' or ');
    throw new UsageError(`'${text}' is ambiguous; say which is meant: ${choices}`);
  }
  // translateAddress explains an address that means nothing here
  return 'virt';
}

function check(inspector: Inspector, pfn: bigint, how: string, address?: bigint): LocatedPage {
  const { model, kernel, image } = inspector;
  const shift = BigInt(kernel.pageShift);
  const most = (2n ** BigInt(model.maxPhysicalBits)) >> shift;
  const named = how ? `${how} is pfn ${pfn}, which` : `pfn ${pfn}`;
  if (pfn >= most) {
    const meant = explainPhysical(inspector, address ?? pfn << shift);
    throw new UsageError(
      `${how || `pfn ${pfn}`} is beyond physical memory: this kernel supports ${model.maxPhysicalBits} bits of physical address${meant === undefined ? '' : ` (${meant})`}`,
    );
  }
  const number = Number(pfn);
  const there = image.memory.runAt(Number(pfn << shift));
  // only live sources know that there is no RAM; the maker of a dump may have left out the memory of a hole
  const why = there.state === 'hole' ? there.why : undefined;
  if (model.present.some((r) => number >= r.start && number < r.end)) {
    return { pfn: number, how: why === undefined ? how : `${how || `pfn ${pfn}`} (${why})` };
  }
  const last = model.present.at(-1);
  throw new FaultError({
    address: pfn << shift,
    space: 'physical',
    reason: 'hole',
    what: `${named} has no struct page (the last pfn with one is ${last ? last.end - 1 : 'none'})`,
    advice: [why, capital(explainPhysical(inspector, address ?? pfn << shift))].filter(Boolean).join('. '),
  });
}

function capital(text: string | undefined): string {
  return text === undefined ? '' : text.charAt(0).toUpperCase() + text.slice(1);
}
