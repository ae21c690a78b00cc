import type { Btf } from '../formats/btf/btf.ts';
import { factsFromBtf } from './from-btf.ts';
import type { LayoutFile, LayoutKernel, LayoutMember, LayoutStruct } from './layout-file.ts';
import type { TypeFacts } from './type-facts.ts';
import { WANTED_ENUMS, WANTED_STRUCTS } from './wanted.ts';

/** Facts that the types do not contain. */
export interface Provenance extends LayoutKernel {
  readonly arch: string;
  readonly madeBy: string;
}

/** The part of a kernel's BTF that structpage uses. */
export function extractLayout(btf: Btf, provenance: Provenance): LayoutFile {
  return layoutFileOf(factsFromBtf(btf, btf.origin, 'btf-file'), provenance);
}

/** The part of a kernel's types that structpage uses. Keys are always in the order of wanted.ts. */
export function layoutFileOf(types: TypeFacts, provenance: Provenance): LayoutFile {
  const { arch, madeBy, release, buildId, version, madeFrom, symbols } = provenance;
  return {
    format: 1,
    arch,
    kernels: [
      { release, buildId, package: provenance.package, version, madeFrom, ...(symbols ? { symbols } : {}) },
    ],
    madeBy,
    structs: Object.fromEntries(
      Object.keys(WANTED_STRUCTS).flatMap((name) => {
        const struct = extractStruct(types, name);
        return struct ? [[name, struct]] : [];
      }),
    ),
    enums: Object.fromEntries(
      WANTED_ENUMS.flatMap((name) => {
        const constants = types.enumerators(name);
        return constants ? [[name, Object.fromEntries([...constants].map(([n, v]) => [n, plain(v)]))]] : [];
      }),
    ),
  };
}

function extractStruct(types: TypeFacts, name: string): LayoutStruct | undefined {
  const size = types.structSize(name);
  if (size === undefined) return undefined;
  const members: Record<string, LayoutMember> = {};
  for (const path of WANTED_STRUCTS[name]!.flat()) {
    const place = types.place(name, path);
    if (!place) continue;
    members[path] = {
      offset: place.offset,
      size: place.size,
      ...(place.length === undefined ? {} : { length: place.length }),
      ...(place.bits === undefined ? {} : { bits: [place.bits.shift, place.bits.width] as const }),
    };
  }
  return { size, members };
}

function plain(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
