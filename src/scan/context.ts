import type { LinearRegion } from '../arch/architecture.ts';
import { ARCHITECTURES } from '../arch/registry.ts';
import type { Pfn } from '../core/address.ts';
import { FormatError, UnsupportedError } from '../core/errors.ts';
import { SlabCaches } from '../decode/slab-caches.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import { PageReader } from '../memmap/page-reader.ts';
import type { Sections } from '../memmap/sections.ts';
import { sparseModel } from '../memmap/sparse.ts';
import { sharedFdSource } from '../sources/fd-source.ts';
import type { FilePlace } from '../sources/image-format.ts';
import { openImages } from '../sources/open-image.ts';
import { AddressSpace } from '../translate/address-space.ts';
import { PageWalker } from '../translate/page-walk.ts';
import type { ScanSource } from './scan.ts';

/** What another thread needs to read the same struct pages: open files and plain data. */
export interface ScanContext {
  readonly files: readonly { readonly fd: number; readonly name: string; readonly byteLength: number }[];
  readonly layout: PageLayout;
  /** sizeof(struct page). */
  readonly structSize: number;
  readonly sections: Sections;
  readonly isOneArray: boolean;
  readonly architecture: string;
  readonly pagingMode: string;
  readonly root: number;
  readonly ignoredBits: bigint;
  readonly regions: readonly LinearRegion[];
  readonly cacheNameAt: number | undefined;
  readonly places: readonly FilePlace[] | undefined;
  /** Sample struct pages, which reveal a thread that sees different memory. */
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly pfn: Pfn;
  readonly state: number;
  readonly bytes: Uint8Array;
}

/** The sample is taken from the page array's own page frames, since those do not change even in a running guest. */
function samplesOf({ model, kernel, reader }: Inspector): Sample[] {
  const pfns = model.present.flatMap(({ start, end }) => [start, Math.floor((start + end) / 2), end - 1]);
  return pfns.slice(0, MOST_SAMPLES).flatMap((pfn) => {
    const address = model.addressOf(pfn);
    const { physical } = address === undefined ? {} : kernel.space.walker.walk(address);
    return physical === undefined ? [] : [sampleOf(reader, Math.floor(physical / kernel.pageBytes))];
  });
}

function sampleOf(reader: PageReader, pfn: Pfn): Sample {
  const { bytes, states } = reader.read(pfn, 1);
  return { pfn, state: states[0]!, bytes: bytes.slice() };
}

const MOST_SAMPLES = 12;

/** The context of an inspector; undefined for memory that another thread cannot open, or that changes. */
export function contextOf(inspector: Inspector): ScanContext | undefined {
  const { image, kernel, model, layout, types } = inspector;
  if (image.live || image.virtual || !image.files) return undefined;
  const files = image.files.flatMap(({ fd, name, byteLength }) =>
    fd === undefined ? [] : [{ fd, name, byteLength }],
  );
  if (files.length < image.files.length) return undefined;
  const { architecture, mode, root, ignoredBits, regions = [] } = kernel.space.walker.tables;
  return {
    files,
    layout,
    structSize: model.pageSize,
    sections: model.sections,
    isOneArray: model.kind !== 'SPARSEMEM',
    architecture: architecture.name,
    pagingMode: mode.name,
    root,
    ignoredBits,
    regions,
    cacheNameAt: types.place('kmem_cache', 'name')?.offset,
    places: image.places,
    samples: samplesOf(inspector),
  };
}

/** Opens the memory of a context in this thread. */
export async function openContext(context: ScanContext): Promise<ScanSource> {
  const { layout, places } = context;
  const files = context.files.map((f) => sharedFdSource(f.fd, f.name, f.byteLength));
  const image = await openImages(files, places === undefined ? {} : { places });
  const architecture = ARCHITECTURES.find((a) => a.name === context.architecture);
  const mode = architecture?.pagingModes.find((m) => m.name === context.pagingMode);
  if (!architecture || !mode) {
    throw new UnsupportedError(`page tables of ${context.architecture}`, 'an architecture of src/arch');
  }
  const { root, ignoredBits, regions } = context;
  const walker = new PageWalker(image.memory, { architecture, mode, root, ignoredBits, regions });
  const space = new AddressSpace(image.memory, walker);
  const model = sparseModel(context.sections, context.structSize, mode.pageShift, context.isOneArray);
  const reader = new PageReader(space, model);
  for (const { pfn, state, bytes } of context.samples) {
    const here = sampleOf(reader, pfn);
    if (here.state !== state || (state === 0 && !here.bytes.every((b, i) => b === bytes[i])))
      throw new FormatError({
        file: context.files.map((f) => f.name).join(', '),
        expected: `the struct page of pfn ${pfn} as it was when the file was opened`,
        found: 'another one',
        advice: 'The file changes while it is read',
      });
  }
  return {
    layout,
    reader,
    caches: new SlabCaches(space, context.cacheNameAt),
  };
}
