import { FormatError } from '../core/errors.ts';
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
      if (!place) {
        refuseNearMiss(btf, structName, path);
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

/** A member that is not there, where another's name differs from it by a single bit, is damaged. Throws FormatError. */
function refuseNearMiss(btf: Btf, struct: string, path: string): void {
  const id = btf.struct(struct);
  const [first = ''] = path.split('.');
  const names = id === undefined ? [] : namesIn(btf, id, new Set());
  // it may be there, and have no members as in the rest of the path
  if (names.includes(first)) return;
  const near = names.find((name) => name.length === first.length && isOneBitAway(name, first));
  if (near === undefined) return;
  throw new FormatError({
    file: btf.origin,
    expected: `member ${first} of struct ${struct}`,
    found: `${JSON.stringify(near)}, which is one bit away`,
  });
}

/** Names of all members of a struct, those of anonymous ones in it included. */
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
