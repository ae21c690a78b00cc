import { LayoutError } from '../core/errors.ts';
import type { TypeFacts } from './type-facts.ts';

/** The bits of `flags` that are flags, from the kernel's own `enum pageflags` (include/linux/page-flags.h). */
export interface FlagBits {
  /** NR_PAGEFLAGS: bits 0 to count - 1 are flags, higher bits are fields. */
  readonly count: number;
  /** The name of each bit, without PG_, in lower case. */
  readonly names: readonly string[];
  /** The bit of each name, including aliases. */
  readonly bits: ReadonlyMap<string, number>;
}

/** Names that apply to a bit only on certain pages. The bit's own name comes first in the enum. */
export function resolveFlagBits(types: TypeFacts): FlagBits {
  const enumerators = types.enumerators('pageflags');
  const last = enumerators?.get('__NR_PAGEFLAGS');
  if (!enumerators || last === undefined) {
    throw new LayoutError(
      'enum pageflags',
      `${types.origin} has ${enumerators ? 'no __NR_PAGEFLAGS in it' : 'no such enum'}`,
      'Name a vmlinux or BTF file of this very kernel with --layout',
    );
  }
  const count = Number(last);
  const names: string[] = [];
  const bits = new Map<string, number>();
  for (const [enumerator, value] of enumerators) {
    if (!enumerator.startsWith('PG_')) continue;
    const name = enumerator.slice(3).toLowerCase();
    const bit = Number(value);
    if (bits.has(name)) throw new LayoutError('enum pageflags', `${types.origin} has ${enumerator} twice`);
    if (bit < 0 || bit >= count) continue;
    bits.set(name, bit);
    names[bit] ??= name;
  }
  if (count < 16 || count > 60 || bits.get('locked') !== 0) {
    throw new LayoutError(
      'enum pageflags',
      `${types.origin} has ${count} flags with locked at ${bits.get('locked')}`,
    );
  }
  for (let bit = 0; bit < count; bit++) names[bit] ??= `bit_${bit}`;
  return { count, names, bits };
}
