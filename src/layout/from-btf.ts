import { FormatError } from '../core/errors.ts';
import type { Btf } from '../formats/btf/btf.ts';
import { checkStruct } from '../formats/btf/check-struct.ts';
import type { Confidence, Place, TypeFacts } from './type-facts.ts';

/** Type facts from BTF, looked up on demand. Throws FormatError for a struct that no compiler generates. */
export function factsFromBtf(btf: Btf, origin: string, confidence: Confidence): TypeFacts {
  const checked = new Set<string>();
  const namesOf = new Map<string, readonly string[]>();
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
      if (!place) {
        const names = namesOf.get(structName) ?? namesOfStruct(btf, structName);
        namesOf.set(structName, names);
        refuseNearMiss(names, btf.origin, structName, path);
        return undefined;
      }
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

/** Throws FormatError if a missing member has a neighbour whose name differs by a single bit: that name is damaged. */
function refuseNearMiss(names: readonly string[], origin: string, struct: string, path: string): void {
  const [first = ''] = path.split('.');
  // the struct may exist without the members in the rest of the path
  if (names.includes(first)) return;
  const near = names.find((name) => name.length === first.length && isOneBitAway(name, first));
  if (near === undefined) return;
  throw new FormatError({
    file: origin,
    expected: `member ${first} of struct ${struct}`,
    found: `${JSON.stringify(near)}, which is one bit away`,
  });
}

function namesOfStruct(btf: Btf, struct: string): readonly string[] {
  const id = btf.struct(struct);
  return id === undefined ? [] : namesIn(btf, id, new Set());
}

/** Names of all members of a struct, including those of anonymous members. */
function namesIn(btf: Btf, id: number, seen: Set<number>): string[] {
  seen.add(id);
  return btf.members(id).flatMap(({ name, typeId }) => {
    if (name !== '') return [name];
    return seen.has(typeId) || seen.size > 64 ? [] : namesIn(btf, typeId, seen);
  });
}

function isOneBitAway(a: string, b: string): boolean {
  let bits = 0;
  for (let i = 0; i < a.length && bits < 2; i++) {
    for (let rest = a.charCodeAt(i) ^ b.charCodeAt(i); rest !== 0; rest &= rest - 1) bits++;
  }
  return bits === 1;
}
