/** The place and size of a member in its struct. */
export interface Place {
  /** Offset from the start of the struct, in bytes. */
  readonly offset: number;
  /** Size in bytes; of the whole array if it is one. */
  readonly size: number;
  /** For a bit field: its lowest bit within the storage at `offset`, and its width. */
  readonly bits?: { readonly shift: number; readonly width: number };
  /** Number of elements, if the member is an array. */
  readonly length?: number;
}

/** How certain it is that the facts belong to this kernel, most certain first. */
export type Confidence =
  | 'btf-in-image'
  | 'btf-file'
  | 'dwarf'
  | 'layout-build-id'
  | 'layout-release'
  | 'layout-named'
  | 'layout-nearest';

/** Bytes from the start of the kernel's text (_stext) to each variable, by its name. */
export type SymbolOffsets = Readonly<Record<string, number>>;

/** Where the variables of one build of a kernel are. */
export interface BuildSymbols {
  readonly buildId: string;
  readonly offsets: SymbolOffsets;
}

/** The part of a kernel's types that structpage uses, with one interface for BTF, DWARF and layouts/ files. */
export interface TypeFacts {
  /** sizeof(struct name) in bytes. */
  structSize(name: string): number | undefined;
  /** The place of a member, by its path from a struct, e.g. `place('page', 'flags.f')`. */
  place(structName: string, path: string): Place | undefined;
  /** The enumerators of an enum, in declaration order. */
  enumerators(name: string): ReadonlyMap<string, bigint> | undefined;
  /** For example `BTF in the image` or `layouts/x86_64/6.12.107+deb13-cloud-amd64.json`. */
  readonly origin: string;
  readonly confidence: Confidence;
  /** The architecture, by its folder in layouts/; undefined if unknown. */
  readonly arch?: string;
  /** The same as an ELF machine number. */
  readonly machine?: number;
  /** Where variables are, of the builds for which this is known. */
  readonly symbols?: readonly BuildSymbols[];
}
