import { hex } from '../core/address.ts';
import { describe, type Info } from './info.ts';
import type { Inspector } from './inspector.ts';

/** The output of `info --json`: the facts of `describe` as typed values. Addresses are 0x..., unknown values null. */
export interface InfoData extends Omit<Info, 'facts'> {
  readonly format: string;
  /** More lines of the format, by label. */
  readonly formatDetails: Readonly<Record<string, string>>;
  readonly live: boolean;
  readonly release: string;
  readonly banner: string | null;
  readonly buildId: string | null;
  readonly architecture: string;
  readonly pageSize: number;
  readonly paging: { readonly mode: string; readonly root: string; readonly from: string };
  readonly text: string | null;
  readonly kaslrOffset: string | null;
  /** Number of symbols; null if the image has no symbol table. */
  readonly symbols: number | null;
  readonly types: { readonly origin: string; readonly confidence: string; readonly from: string };
  readonly memoryModel: {
    readonly kind: string;
    readonly vmemmapBase: string | null;
    readonly sectionSizeBits: number;
    readonly maxPhysicalBits: number;
    readonly from: string;
  };
  readonly structPage: {
    readonly size: number;
    readonly flagBits: number;
    /** Fields in the upper bits of flags; a field of width 0 is absent. */
    readonly fields: Readonly<Record<string, { readonly shift: number; readonly width: number }>>;
    readonly typeEncoding: string;
    readonly zones: readonly string[];
    /** The member for each role, e.g. `index`: `page.__folio_index`. */
    readonly members: Readonly<Record<string, string>>;
  };
  /** Pfns with a struct page: first and last of each range. */
  readonly pfns: readonly { readonly first: number; readonly last: number }[];
}

/** The facts of `describe` as data. */
export function describeData(inspector: Inspector): InfoData {
  const { image, kernel, model, layout, types } = inspector;
  const { facts: _, ...rest } = describe(inspector);
  const { walker } = kernel.space;
  const hexOrNull = (value: bigint | undefined): string | null =>
    value === undefined ? null : value < 0n ? `-${hex(-value)}` : hex(value);
  return {
    format: image.format,
    formatDetails: Object.fromEntries(image.details),
    live: image.live === true,
    release: kernel.release,
    banner: kernel.banner ?? null,
    buildId: kernel.buildId ?? null,
    architecture: kernel.architecture.name,
    pageSize: kernel.pageBytes,
    paging: { mode: walker.tables.mode.name, root: hex(walker.tables.root), from: kernel.from.pageTables },
    text: hexOrNull(kernel.text),
    kaslrOffset: hexOrNull(kernel.kernelOffset?.value),
    symbols: kernel.kallsyms?.count ?? null,
    types: { origin: types.origin, confidence: types.confidence, from: inspector.typesFrom },
    memoryModel: {
      kind: model.kind,
      vmemmapBase: hexOrNull(model.kind === 'FLATMEM' ? undefined : model.base),
      sectionSizeBits: model.sectionSizeBits,
      maxPhysicalBits: model.maxPhysicalBits,
      from: model.from,
    },
    structPage: {
      size: model.pageSize,
      flagBits: layout.flags.count,
      fields: Object.fromEntries(
        Object.entries(layout.fields).map(([name, { shift, width }]) => [name, { shift, width }]),
      ),
      typeEncoding: layout.types.encoding,
      zones: layout.zones,
      members: Object.fromEntries(layout.members),
    },
    pfns: model.present.map((r) => ({ first: r.start, last: r.end - 1 })),
    ...rest,
  };
}
