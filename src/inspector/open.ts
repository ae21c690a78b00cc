import type { ByteSource } from '../core/bytes.ts';
import { StructPageError } from '../core/errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { openKernel } from '../kernel/open-kernel.ts';
import { checkVmcoreinfo } from '../layout/check-vmcoreinfo.ts';
import { strangeFlags, strangeTypes } from '../layout/known-flags.ts';
import { resolvePageLayout } from '../layout/page-layout.ts';
import { discoverMemoryModel } from '../memmap/discover.ts';
import { LiveModel } from '../memmap/live-model.ts';
import { PageReader } from '../memmap/page-reader.ts';
import { openFile } from '../sources/file-source.ts';
import { guarded } from '../sources/guarded.ts';
import type { OpenContext, OpenImage } from '../sources/image-format.ts';
import { lossesOf } from '../sources/losses.ts';
import { openImages } from '../sources/open-image.ts';
import { openQmp, type QmpOptions } from '../sources/qmp.ts';
import { crossChecked } from './checks/page-array.ts';
import { Inspector } from './inspector.ts';
import { refineCpupid } from './refine-layout.ts';
import { checkLayout } from './self-check.ts';
import { firstThatHolds, type TypeOptions } from './type-candidates.ts';

/** How to open a memory image. */
export interface OpenOptions extends TypeOptions {
  /**
   * Maximum number of bytes for a compressed or piped dump in the temporary directory. By default nine tenths of its free
   * room, or half of the free memory if the directory is in memory.
   */
  readonly spoolLimit?: number;
  /** Bytes of memory below the PCI hole, for raw images that leave the hole out; detected by default. */
  readonly lowMemory?: number;
  /** Physical addresses of the first byte of raw images, by file name; detected by default. */
  readonly at?: Readonly<Record<string, number>>;
  /** Receives the progress of slow work: decompression, scans. */
  progress?(what: string, done: number, total: number): void;
}

/**
 * Opens a memory dump by its path, or any source of bytes, and finds its format, kernel, page tables, types and struct
 * pages. A dump of several files is given as a list, in any order. Tries the layout on the memory before it returns.
 *
 * Throws FormatError (damaged, or no dump), UnsupportedError (of a kind that is not supported), FaultError (parts are
 * missing), LayoutError (the layout of struct page is unknown, or contradicts the memory).
 */
export async function openMemory(
  what: string | ByteSource | readonly (string | ByteSource)[],
  options: OpenOptions = {},
): Promise<Inspector> {
  const { progress, spoolLimit, lowMemory, at } = options;
  const said: string[] = [];
  const context = {
    warn: (text: string) => said.push(text),
    ...(progress ? { progress } : {}),
    ...(spoolLimit === undefined ? {} : { spoolLimit }),
    ...(lowMemory === undefined ? {} : { lowMemory }),
    ...(at === undefined ? {} : { at }),
  };
  const sources = openAll(Array.isArray(what) ? what : [what as string | ByteSource], context);
  const opened = await openImages(sources, context);
  const image = guarded({ ...opened, warnings: [...said, ...opened.warnings] });
  try {
    return inspect(image, openKernel(image, sources.map((s) => s.name).join(', '), progress), options);
  } catch (error) {
    // what is wrong with the file is probably why the rest failed
    if (error instanceof StructPageError) {
      const lost = lossesOf(image.memory);
      for (const line of [...image.warnings, ...(lost ? [lost] : [])]) error.message += `\n  ${line}`;
    }
    image.close();
    throw error;
  }
}

/**
 * Opens the memory of a running QEMU guest through its QMP socket. The guest is paused only with `stop`, and resumes when
 * the inspector is closed. Throws an UnsupportedError that says what is wrong with the socket, and the errors of
 * openMemory.
 */
export async function openGuest(socket: string, options: OpenOptions & QmpOptions = {}): Promise<Inspector> {
  const image = guarded(openQmp(socket, options));
  try {
    return inspect(image, openKernel(image, socket, options.progress), options);
  } catch (error) {
    image.close();
    throw error;
  }
}

/** Opens all files or none. */
function openAll(list: readonly (string | ByteSource)[], context: OpenContext): ByteSource[] {
  const open: ByteSource[] = [];
  try {
    for (const one of list) open.push(typeof one === 'string' ? openFile(one, context) : one);
    return open;
  } catch (error) {
    for (const source of open) source.close();
    throw error;
  }
}

/** Maximum number of times that a running machine is tried, whose memory may come or go meanwhile. */
const ATTEMPTS = 4;

/**
 * Makes the inspector of an image whose kernel is known: finds types and struct pages, and checks them. Throws LayoutError.
 */
export function inspect(image: OpenImage, kernel: Kernel, options: TypeOptions = {}): Inspector {
  for (let attempt = 1; ; attempt++) {
    try {
      return inspectOnce(image, kernel, options);
    } catch (error) {
      if (!image.live || attempt === ATTEMPTS || !(error instanceof StructPageError)) throw error;
      image.renew?.();
      kernel.space.walker.forget();
    }
  }
}

function inspectOnce(image: OpenImage, kernel: Kernel, options: TypeOptions): Inspector {
  return firstThatHolds(kernel, options, ({ types, from, warnings, keep }) => {
    if (kernel.vmcoreinfo) checkVmcoreinfo(types, kernel.vmcoreinfo);
    kernel.learnSymbols(types.symbols ?? []);
    const discovered = discoverMemoryModel(kernel, types);
    const { model: found } = discovered;
    const resolved = resolvePageLayout(
      types,
      {
        vmemmap: found.kind === 'SPARSEMEM_VMEMMAP',
        isFlat: found.kind === 'FLATMEM',
        maxPhysicalBits: found.maxPhysicalBits,
        sectionSizeBits: found.sectionSizeBits,
        model: kernel.architecture,
      },
      kernel.vmcoreinfo,
    );
    const layout = refineCpupid(resolved, kernel, new PageReader(kernel.space, found));
    const { model, doubts } = image.live
      ? { model: new LiveModel(kernel, types, found), doubts: [] }
      : crossChecked(kernel, types, found, layout);
    const inspector = new Inspector({
      image,
      kernel,
      types,
      typesFrom: from,
      model,
      layout,
      warnings: [
        ...image.warnings,
        ...warnings,
        ...discovered.warnings,
        ...doubts,
        ...strangeFlags(layout.flags),
        ...strangeTypes(layout.types),
      ],
      ...(keep ? { keep } : {}),
    });
    checkLayout(inspector);
    return inspector;
  });
}
