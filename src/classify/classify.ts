import type { Pfn } from '../core/address.ts';
import { StructPageError, UnsupportedError } from '../core/errors.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import { moduleFinder } from '../objects/modules.ts';
import type { Objects } from '../objects/objects.ts';
import { ActiveObjects } from '../objects/slab/active-objects.ts';
import { ObjectStates } from '../objects/slab/object-states.ts';
import { PfnSet } from '../objects/table-tree.ts';
import { blockRequests } from './block-requests.ts';
import { btfTypes, dmaPools, hashTables, pagePools } from './boot-tables.ts';
import type { Claimant, Machine } from './claimant.ts';
import { Claims, type Conflict } from './claims.ts';
import { Compounds } from './compounds.ts';
import { extendedAttributes } from './extended-attributes.ts';
import { fileRings } from './file-rings.ts';
import { perCpuFreeLists } from './free-lists.ts';
import type { Gap } from './gap.ts';
import { findHolders, HOLDER_SYMBOLS, type Holder } from './holders.ts';
import { hugetlbPool } from './hugetlb-pool.ts';
import { kernelImage } from './kernel-image.ts';
import { findOwners, type KernelOwners } from './kernel-owners/find-owners.ts';
import { MAPPING_SYMBOLS } from './mappings.ts';
import { memoryMap, physicalMap } from './memory-map.ts';
import { packetFragments } from './network.ts';
import { packetRings } from './packet-rings.ts';
import { pageTables } from './page-tables.ts';
import { perCpuMemory } from './per-cpu-memory.ts';
import { pipePages } from './pipes.ts';
import { ReferenceCounter, type ReferenceParts, type References } from './references.ts';
import { reservedPages } from './reserved-pages.ts';
import { socketBuffers } from './socket-buffers.ts';
import { StructPages } from './struct-pages.ts';
import { taskStacks } from './task-stacks.ts';
import { functionRecords, traceBuffers } from './trace.ts';
import { userMemory } from './user-memory.ts';
import { vmalloc } from './vmalloc.ts';

/** Claimants that run before the struct pages are examined. */
const CLAIMANTS: readonly Claimant[] = [
  physicalMap,
  memoryMap,
  kernelImage,
  pageTables,
  perCpuMemory,
  vmalloc,
  taskStacks,
  perCpuFreeLists,
  hugetlbPool,
  pipePages,
  extendedAttributes,
  traceBuffers,
  functionRecords,
  dmaPools,
  btfTypes,
  pagePools,
  hashTables,
  packetFragments,
  blockRequests,
];
/** Claimants that run afterwards, for what is still unknown. */
const LATE: readonly Claimant[] = [userMemory, socketBuffers, packetRings, fileRings];

/** The class of every page. */
export interface Classification {
  /** The code of each pfn: a row of PAGE_CLASSES. */
  readonly codes: Uint8Array;
  /** Pages that two rules claim. */
  readonly conflicts: readonly Conflict[];
  /** What could not be determined, and why. */
  readonly gaps: readonly Gap[];
  /** Compares the reference count of each page with its holders; adds to `gaps`. */
  references(): References;
  /** The references of one folio by what holds them; undefined if its class does not tell. */
  referencesOf(head: Pfn): ReferenceParts | undefined;
  /** Holders of pages that neither map nor cache them. */
  readonly holders: readonly Holder[];
  /** Finds whose the memory of the kernel is; adds to `gaps`. */
  owners(): KernelOwners;
}

/** Finds the class of every page: first by the kernel's objects, then by the struct pages. */
export function classify(parts: {
  readonly objects: Objects;
  readonly layout: PageLayout;
  readonly model: MemoryModel;
  readonly reader: PageReader;
}): Classification {
  const limit = limitOf(parts);
  const names = [...CLAIMANTS, ...LATE].flatMap((c) => c.symbols);
  prefetch(parts.objects, [...new Set([...names, ...MAPPING_SYMBOLS, ...HOLDER_SYMBOLS])]);
  const compounds = new Compounds(parts);
  const machine: Machine = {
    ...parts,
    limit,
    userMapped: new PfnSet(limit),
    isReserved: reservedPages(parts),
    active: new ActiveObjects(parts),
    compounds,
    states: new ObjectStates(parts, (pfn) => compounds.at(pfn)?.head ?? pfn),
    moduleOf: moduleFinder(parts.objects),
  };
  const claims = new Claims(limit);
  const gaps: Gap[] = [];
  const ask = (claimant: Claimant): void => {
    try {
      claimant.claim(machine, claims);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      gaps.push({ what: claimant.name, why: error.message });
    }
  };
  for (const claimant of CLAIMANTS) ask(claimant);
  const pages = new StructPages(machine, claims);
  pages.run();
  if (pages.mappings.trouble) gaps.push({ what: 'files of cached pages', why: pages.mappings.trouble });
  for (const claimant of LATE) ask(claimant);
  let found: readonly Holder[] | undefined;
  const holders = (): readonly Holder[] => {
    if (!found) {
      const { holders, gaps: more } = findHolders(machine, claims.codes);
      found = holders;
      // a walk that is repeated is cut at the same place
      gaps.push(...more.filter((m) => !gaps.some((g) => g.what === m.what && g.why === m.why)));
    }
    return found;
  };
  return {
    codes: claims.codes,
    conflicts: claims.conflicts,
    gaps,
    references: () => new ReferenceCounter(machine, claims.codes, holders()).run(),
    referencesOf: (head) => new ReferenceCounter(machine, claims.codes, holders()).explain(head),
    get holders() {
      return holders();
    },
    owners: () => findOwners(machine, claims.codes, gaps),
  };
}

/**
 * Codes are stored for each page frame up to the last. This many need little memory; more are accepted only if memory is
 * that large.
 */
const MOST_PFNS = 2 ** 28;
const MOST_PFNS_A_PAGE = 64;

/** The first pfn after the last page. Throws UnsupportedError if it is absurdly high because of damage. */
function limitOf({ objects, model }: { objects: Objects; model: MemoryModel }): Pfn {
  const limit = model.present.at(-1)?.end ?? 0;
  if (limit <= MOST_PFNS) return limit;
  const { space, format } = objects.memory;
  const pages = space.memory.runs.reduce((sum, { start, end }) => sum + end - start, 0) / format.pageSize;
  if (limit <= MOST_PFNS_A_PAGE * pages) return limit;
  throw new UnsupportedError(
    `the page array reaches up to page frame ${limit - 1}, and the dump has ${Math.floor(pages)} pages`,
    'classes are not determined for memory that is so sparse; the struct pages themselves can be read',
  );
}

/** Looks up symbols in one pass; whoever needs one reports what cannot be read. */
function prefetch({ kernel }: Objects, names: readonly string[]): void {
  try {
    kernel.symbols(names);
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
  }
}
