import type { Btf } from '../formats/btf/btf.ts';
import { checkStruct } from '../formats/btf/check-struct.ts';
import type { Confidence, Place, TypeFacts } from './type-facts.ts';

/** The facts as BTF has them; nothing is looked up before it is asked for. A struct that no compiler makes is refused with FormatError. */
export function factsFromBtf(btf: Btf, origin: string, confidence: Confidence): TypeFacts {
  const checked = new Set<string>();
  const check = (name: string): void => {
    if (checked.has(name)) return;
    const id = btf.struct(name);
    if (id !== undefined) checkStruct(btf, id, name);
    checked.add(name);
  };
  return {
    origin,
    confidence,
    structSize(name): number | undefined {
      check(name);
      return btf.structSize(name);
    },
    enumerators: (name) => btf.enumerators(name),
    place(structName, path): Place | undefined {
      check(structName);
      const place = btf.place(structName, path);
      if (!place) return undefined;
      const length = btf.arrayLength(place.typeId);
      return {
        offset: place.offset,
        size: place.size,
        ...(place.bits ? { bits: place.bits } : {}),
        ...(length === undefined ? {} : { length }),
      };
    },
  };
}
