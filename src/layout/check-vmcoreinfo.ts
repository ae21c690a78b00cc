import { LayoutError } from '../core/errors.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { TypeFacts } from './type-facts.ts';
import { WANTED_STRUCTS } from './wanted.ts';

/**
 * Compares every SIZE(), OFFSET() and LENGTH() of VMCOREINFO for structs that are used with the types, before the types are
 * used. Returns the number of values that agree. Throws LayoutError for the first that does not.
 */
export function checkVmcoreinfo(types: TypeFacts, info: Vmcoreinfo): number {
  let agreed = 0;
  for (const [key] of info.entries()) {
    const match = /^(SIZE|OFFSET|LENGTH)\((\w+)(?:\.(\w+))?\)$/.exec(key);
    const [, kind, struct, member] = match ?? [];
    if (struct === undefined || !Object.hasOwn(WANTED_STRUCTS, struct)) continue;
    const said = saidBy(info, kind!, member === undefined ? struct : `${struct}.${member}`);
    const ours = foundIn(types, kind!, struct, member);
    if (said === undefined || ours === undefined) continue;
    if (said !== ours) {
      throw new LayoutError(
        key,
        `VMCOREINFO says ${key}=${said}, ${types.origin} says ${ours}`,
        'Either the types are those of another kernel, or one of the two is damaged',
      );
    }
    agreed++;
  }
  return agreed;
}

function saidBy(info: Vmcoreinfo, kind: string, name: string): number | undefined {
  if (kind === 'SIZE') return info.size(name);
  return kind === 'OFFSET' ? info.offset(name) : info.length(name);
}

function foundIn(types: TypeFacts, kind: string, struct: string, member?: string): number | undefined {
  if (kind === 'SIZE') return member === undefined ? types.structSize(struct) : undefined;
  const place = member === undefined ? undefined : types.place(struct, member);
  return kind === 'OFFSET' ? place?.offset : place?.length;
}
