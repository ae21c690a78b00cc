import { LayoutError } from '../core/errors.ts';
import type { TypeFacts } from './type-facts.ts';

/** Enums whose constants the kernel does not number explicitly, so that each is one more than the previous. */
const COUNTED: readonly { readonly name: string; readonly prefix: string; readonly last: string }[] = [
  { name: 'pageflags', prefix: 'PG_', last: '__NR_PAGEFLAGS' }, // include/linux/page-flags.h; aliases follow
  { name: 'zone_type', prefix: 'ZONE_', last: '__MAX_NR_ZONES' }, // include/linux/mmzone.h
  { name: 'compound_dtor_id', prefix: '', last: 'NR_COMPOUND_DTORS' }, // include/linux/mm.h, until 6.5
];
/** Maximum number of constants; none of these enums has as many. */
const MOST = 64;

/**
 * Checks the enums that rows depend on against their declaration in the kernel. A constant whose value does not fit its
 * position is damaged, and would give a flag or a zone a wrong name. Throws LayoutError.
 */
export function checkEnums(types: TypeFacts): void {
  for (const { name, prefix, last } of COUNTED) {
    const constants = types.enumerators(name);
    if (!constants) continue;
    const wrong = (constant: string, value: bigint, expected: string): LayoutError =>
      new LayoutError(`enum ${name}`, `${types.origin} has ${constant} as ${value}, where ${expected}`);
    let next = 0n;
    let ended = false;
    for (const [constant, value] of constants) {
      if (value > MOST) throw wrong(constant, value, `it has no more than ${MOST} constants`);
      if (constant !== last && !constant.startsWith(prefix)) {
        throw new LayoutError(
          `enum ${name}`,
          `${types.origin} has ${constant} in it, which does not begin with ${prefix}`,
        );
      }
      if (ended) {
        if (value < 0n || value >= next)
          throw wrong(constant, value, `an alias is one of the ${next} before`);
        continue;
      }
      if (value !== next) throw wrong(constant, value, `${next} is next`);
      if (constant === last) ended = true;
      else next++;
    }
    if (!ended) throw new LayoutError(`enum ${name}`, `${types.origin} has no ${last} in it`);
  }
  checkPageTypes(types);
}

/**
 * Page types numbered by byte count up from the first; those told by bits have one bit each (include/linux/page-flags.h).
 */
function checkPageTypes(types: TypeFacts): void {
  const constants = types.enumerators('pagetype') ?? new Map<string, bigint>();
  const wrong = (constant: string, value: bigint, why: string): LayoutError =>
    new LayoutError('enum pagetype', `${types.origin} has ${constant} as 0x${value.toString(16)}, ${why}`);
  let before: bigint | undefined;
  const bits = new Set<bigint>();
  for (const [constant, signed] of constants) {
    const value = signed & 0xffffffffn;
    if (constant === 'PGTY_buddy' && value !== 0xf0n) throw wrong(constant, value, 'which is 0xf0');
    if (constant.startsWith('PGTY_') && constant !== 'PGTY_mapcount_underflow') {
      if (value > 0xffn || (before !== undefined && value !== before + 1n))
        throw wrong(constant, value, 'which does not follow the one before it');
      before = value;
    } else if (constant.startsWith('PG_')) {
      if (value === 0n || (value & (value - 1n)) !== 0n || bits.has(value))
        throw wrong(constant, value, 'which is not a distinct bit');
      bits.add(value);
    }
  }
}
