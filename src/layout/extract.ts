import type { Btf } from '../formats/btf/btf.ts';
import { factsFromBtf } from './from-btf.ts';
import type { LayoutFile, LayoutKernel, LayoutMember, LayoutStruct } from './layout-file.ts';
import type { TypeFacts } from './type-facts.ts';
import { wantedEnums, wantedPaths } from './wanted-objects.ts';

/** Facts that the types do not contain. */
export interface Provenance extends LayoutKernel {
  readonly arch: string;
  readonly madeBy: string;
}

/** The part of a kernel's BTF that structpage uses; all of it with `withObjects`, for kernels without BTF. */
export function extractLayout(btf: Btf, provenance: Provenance, withObjects = false): LayoutFile {
  return layoutFileOf(factsFromBtf(btf, btf.origin, 'btf-file'), provenance, withObjects);
}

/** The part of a kernel's types that structpage uses. Keys are always in the order of wanted.ts. */
export function layoutFileOf(types: TypeFacts, provenance: Provenance, withObjects = false): LayoutFile {
  const { arch, madeBy, release, buildId, version, madeFrom, symbols } = provenance;
  return {
    format: 1,
    arch,
    kernels: [
      { release, buildId, package: provenance.package, version, madeFrom, ...(symbols ? { symbols } : {}) },
    ],
    madeBy,
    structs: Object.fromEntries(
      [...wantedPaths(withObjects)].flatMap(([name, paths]) => {
        const struct = extractStruct(types, name, paths);
        return struct ? [[name, struct]] : [];
      }),
    ),
    enums: Object.fromEntries(
      wantedEnums(withObjects).flatMap((name) => {
        const constants = types.enumerators(name);
        return constants ? [[name, Object.fromEntries([...constants].map(([n, v]) => [n, plain(v)]))]] : [];
      }),
    ),
  };
}

function extractStruct(types: TypeFacts, name: string, paths: readonly string[]): LayoutStruct | undefined {
  const size = types.structSize(name);
  if (size === undefined) return undefined;
  const members: Record<string, LayoutMember> = {};
  for (const path of paths) {
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
