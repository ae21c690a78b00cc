import { hex } from '../core/address.ts';
import { lengthOf } from '../core/ranges.ts';
import type { SearchStep } from '../kernel/search.ts';
import type { PageState } from '../memmap/page-reader.ts';
import { type Contents, contentsOf, windowsOf } from './contents.ts';
import { type Feature, featuresOf } from './features.ts';
import type { Inspector } from './inspector.ts';

/** A fact about an image, and its source. */
export interface InfoFact {
  readonly label: string;
  readonly value: string;
  /** The source of the fact, in words; empty if it is the file itself. */
  readonly from: string;
}

/** Everything known about an image except its pages. */
export interface Info {
  readonly facts: readonly InfoFact[];
  /** The steps of the search for the kernel, in order, with the cost of scans. */
  readonly search: readonly SearchStep[];
  /** The page frames in the image by kind; undefined for a running machine. */
  readonly contents: Contents | undefined;
  /** What works on this image; empty for a running machine. */
  readonly features: readonly Feature[];
  /** Struct pages by state. */
  readonly structPages: Record<PageState, number>;
  /** Size of a page frame in bytes. */
  readonly pageBytes: number;
  /** Bytes of physical memory by presence in the image. */
  readonly memory: Readonly<Record<string, number>>;
  /** Physical runs of the page array, in order: pfns and the physical address of the first struct page. */
  readonly pageArray: readonly {
    readonly pfns: number;
    readonly start: number;
    readonly physical: number | undefined;
  }[];
}

/** Collects the facts of `info`. It samples up to 262,144 struct pages of a dump, and none of a running machine. */
export function describe(inspector: Inspector): Info {
  const { image, kernel, model, layout } = inspector;
  const { walker } = kernel.space;
  const facts: InfoFact[] = [];
  const add = (label: string, value: string | undefined, from = ''): void => {
    if (value !== undefined && value !== '') facts.push({ label, value, from });
  };
  const said = kernel.from.vmcoreinfo;
  add('format', image.format);
  for (const [label, value] of image.details) add(label, value);
  const live = image.live === true;
  const windows = windowsOf(model.present);
  const contents = live ? undefined : contentsOf(inspector, windows);
  add('left out', contents?.leftOut, 'by their struct pages');
  add('release', kernel.release, kernel.vmcoreinfo ? said : 'linux_banner, by the symbol table');
  add('banner', kernel.banner, 'linux_banner');
  add('build id', kernel.buildId, said);
  add('architecture', kernel.architecture.name);
  add('page size', `${kernel.pageBytes}`);
  add('paging', walker.tables.mode.name, kernel.from.pageTables);
  add('page table root', `physical ${hex(walker.tables.root)}`, kernel.from.pageTables);
  const { text, kernelOffset } = kernel;
  const textAt = text === undefined ? undefined : walker.walk(text).physical;
  add(
    'kernel text',
    text === undefined
      ? undefined
      : `${hex(text)}${textAt === undefined ? '' : `, at physical ${hex(textAt)}`}`,
    kernel.vmcoreinfo?.symbol('_stext') === undefined ? kernel.from.pageTables : said,
  );
  add('KASLR offset', kernelOffset && hex(kernelOffset.value), kernelOffset?.from);
  const { imageOffset } = kernel;
  const { window } = kernel.architecture.image;
  if (imageOffset !== undefined && window) {
    add('phys_base', signedHex(BigInt.asIntN(64, window.base - imageOffset)), kernel.from.pageTables);
  } else if (imageOffset !== undefined) {
    add('image above its place', hex(imageOffset), kernel.from.pageTables);
  }
  add('symbols', kernel.kallsyms ? `${kernel.kallsyms.count}` : 'none found', kernel.symbolsFrom ?? '');
  add('types', layout.origin, inspector.typesFrom);
  add('memory model', model.kind, model.from);
  if (model.kind === 'FLATMEM') {
    const [first] = model.present;
    const at = first && model.addressOf(first.start);
    add(
      'page array',
      at === undefined ? undefined : `${hex(at)}, from page frame ${first?.start} on`,
      model.from,
    );
  } else add('vmemmap base', model.base === undefined ? undefined : hex(model.base), model.from);
  add('sizeof(struct page)', `${model.pageSize}`, layout.origin);
  add('flag bits', `${layout.flags.count}`, layout.origin);
  for (const [name, field] of Object.entries(layout.fields)) {
    add(
      `flags field ${name}`,
      field.width === 0 ? 'absent' : `bits ${field.shift} to ${field.shift + field.width - 1}`,
      field.from,
    );
  }
  add('page types', layout.types.encoding, layout.origin);
  add('pfns with a struct page', model.present.map((r) => `${r.start}-${r.end - 1}`).join(', '), model.from);
  const survey = inspector.reader.survey();
  const memory: Record<string, number> = {};
  for (const run of image.memory.runs) memory[run.state] = (memory[run.state] ?? 0) + run.end - run.start;
  return {
    facts,
    search: kernel.search.steps,
    contents,
    features: live ? [] : featuresOf(inspector, windows),
    structPages: { ...survey.states },
    pageBytes: kernel.pageBytes,
    memory,
    pageArray: survey.places,
  };
}

/** The number of existing struct pages, for a sentence. */
export function presentPages(inspector: Inspector): number {
  return lengthOf(inspector.model.present);
}

function signedHex(value: bigint): string {
  return value < 0n ? `-${hex(-value)}` : hex(value);
}
