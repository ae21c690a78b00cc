import { UsageError } from '../core/errors.ts';
import type { Place, TypeFacts } from './type-facts.ts';
import { WANTED_STRUCTS } from './wanted.ts';

/** A member of a struct in a table. */
export interface StructMember extends Place {
  readonly path: string;
}

/** A struct with the members that structpage uses, by ascending offset. */
export interface StructTable {
  readonly name: string;
  /** sizeof in bytes. */
  readonly size: number;
  readonly members: readonly StructMember[];
}

/** Struct page and the structs that overlay it. */
const PAGE_STRUCTS = ['page', 'folio', 'slab', 'ptdesc', 'zpdesc'];

/**
 * Tables of the structs in `names` that the types have; by default those of struct page. Throws UsageError for an unknown
 * name.
 */
export function structTables(types: TypeFacts, names: readonly string[] = PAGE_STRUCTS): StructTable[] {
  const unknown = names.find((name) => !(name in WANTED_STRUCTS));
  if (unknown !== undefined) {
    throw new UsageError(
      `layouts have no struct '${unknown}'; they have ${Object.keys(WANTED_STRUCTS).sort().join(', ')}`,
    );
  }
  return names.flatMap((name) => {
    const size = types.structSize(name);
    if (size === undefined) return [];
    const members = WANTED_STRUCTS[name]!.flat().flatMap((path) => {
      const place = types.place(name, path);
      return place ? [{ ...place, path }] : [];
    });
    const start = (m: StructMember): number => m.offset * 64 + (m.bits?.shift ?? 0);
    return [{ name, size, members: members.sort((a, b) => start(a) - start(b)) }];
  });
}
