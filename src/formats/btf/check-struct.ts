import { FormatError } from '../../core/errors.ts';
import type { Btf } from './btf.ts';

/** Maximum depth of nested structs; no kernel has as many, and damaged types may be endless. */
const MAX_DEPTH = 16;

/**
 * Checks the members of a struct against one another and against its size, as a compiler would have laid them out: in
 * order, without overlap, all at 0 in a union, none beyond the end; likewise anonymous structs and unions in it. Thus a
 * wrong bit in an offset, a size or a type is detected. Throws FormatError.
 */
export function checkStruct(btf: Btf, typeId: number, name: string): void {
  check(btf, typeId, name, 0);
}

function check(btf: Btf, typeId: number, name: string, depth: number): void {
  const bits = btf.sizeOf(typeId) * 8;
  const isUnion = btf.kindOf(btf.resolve(typeId)) === 'union';
  const what = depth === 0 ? `struct ${name}` : `a struct within struct ${name}`;
  const wrong = (member: string, at: number, expected: string): FormatError =>
    new FormatError({
      file: btf.origin,
      expected: `${expected} in ${what} of ${bits / 8} bytes`,
      found: `member ${member || '(anonymous)'} at byte ${at / 8}`,
    });
  if (!btf.namesAreWhole(typeId)) {
    throw new FormatError({
      file: btf.origin,
      expected: `members with names in ${what}`,
      found: 'one whose name is the end of another, or outside of the strings',
    });
  }
  let end = 0;
  for (const member of btf.members(typeId)) {
    const { bitOffset: at, bitSize } = member;
    const length = bitSize || btf.sizeOf(member.typeId) * 8;
    if (isUnion && at !== 0 && bitSize === 0) throw wrong(member.name, at, 'members that begin at 0');
    if (bitSize === 0 && at % 8 !== 0) throw wrong(member.name, at, 'members at whole bytes');
    if (at + length > bits) throw wrong(member.name, at, 'members that end within it');
    if (!isUnion && at < end) throw wrong(member.name, at, 'members behind one another');
    end = at + length;
    if (member.name === '' && depth < MAX_DEPTH && btf.members(member.typeId).length > 0)
      check(btf, member.typeId, name, depth + 1);
  }
}
