import type { Btf } from '../formats/btf/btf.ts';
import type { Confidence, Place, TypeFacts } from './type-facts.ts';

/** The facts as BTF has them; nothing is looked up before it is asked for. */
export function factsFromBtf(btf: Btf, origin: string, confidence: Confidence): TypeFacts {
  return {
    origin,
    confidence,
    structSize: (name) => btf.structSize(name),
    enumerators: (name) => btf.enumerators(name),
    place(structName, path): Place | undefined {
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
