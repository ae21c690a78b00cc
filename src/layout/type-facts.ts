/** Where a member is in its struct, and how large it is. */
export interface Place {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes, of the whole array if it is one. */
  readonly size: number;
  /** A bit field: its lowest bit within the storage at `offset`, and its width. */
  readonly bits?: { readonly shift: number; readonly width: number };
  /** Number of elements, where the member is an array. */
  readonly length?: number;
}

/** How sure the facts are of being about this very kernel, surest first. */
export type Confidence =
  | 'btf-in-image'
  | 'btf-file'
  | 'dwarf'
  | 'layout-build-id'
  | 'layout-release'
  | 'layout-named'
  | 'layout-nearest';

/** The part of a kernel's types that structpage uses; the same interface whether BTF has it or a layouts/ file. */
export interface TypeFacts {
  /** sizeof(struct name) in bytes. */
  structSize(name: string): number | undefined;
  /** Where a member is, by its path from a struct, e.g. `place('page', 'flags.f')`. */
  place(structName: string, path: string): Place | undefined;
  /** Enumerators of an enum by its name, in the order of their declaration. */
  enumerators(name: string): ReadonlyMap<string, bigint> | undefined;
  /** e.g. `BTF in the image`, `layouts/x86_64/6.12.107+deb13-cloud-amd64.json`. */
  readonly origin: string;
  readonly confidence: Confidence;
  /** The architecture that they are of, by its folder in layouts/; undefined if they do not say it. */
  readonly arch?: string;
  /** The same as an ELF machine number. */
  readonly machine?: number;
}
