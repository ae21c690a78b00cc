import type { LayoutFile, LayoutMember } from '../layout/layout-file.ts';

/** A difference between two layouts; a side is undefined if that layout lacks the item. */
export interface LayoutDifference {
  /** e.g. `page.compound_info`, `enum pageflags PG_dropbehind`, `sizeof zone`. */
  readonly what: string;
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/** The differences between two layouts, in the order of the left one. */
export function diffLayouts(left: LayoutFile, right: LayoutFile): LayoutDifference[] {
  const out: LayoutDifference[] = [];
  const compare = (what: string, a: string | undefined, b: string | undefined): void => {
    if (a !== b) out.push({ what, left: a, right: b });
  };
  for (const name of union(left.structs, right.structs)) {
    const a = left.structs[name];
    const b = right.structs[name];
    compare(`sizeof ${name}`, a && String(a.size), b && String(b.size));
    if (!a || !b) continue;
    for (const path of union(a.members, b.members)) {
      compare(`${name}.${path}`, placeText(a.members[path]), placeText(b.members[path]));
    }
  }
  for (const name of union(left.enums, right.enums)) {
    const a = left.enums[name] ?? {};
    const b = right.enums[name] ?? {};
    for (const constant of union(a, b)) {
      compare(`enum ${name} ${constant}`, text(a[constant]), text(b[constant]));
    }
  }
  return out;
}

function union(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

function placeText(member: LayoutMember | undefined): string | undefined {
  if (!member) return undefined;
  const bits = member.bits ? `, bits ${member.bits[0]}+${member.bits[1]}` : '';
  return `${member.offset} (${member.size} bytes${bits})`;
}

function text(value: number | string | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
