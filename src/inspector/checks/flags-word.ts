import type { FlagField } from '../../layout/flag-fields.ts';
import type { PageLayout } from '../../layout/page-layout.ts';

/** What the flags word of a struct page says besides its flags. */
export interface FlagsWord {
  readonly node: number;
  readonly zone: number;
  readonly reserved: boolean;
  /** All of the word. */
  readonly word: bigint;
}

/** Decodes the flags word of the struct page at `at` in what a PageReader gave. */
export function flagsWord(layout: PageLayout, view: DataView, at: number): FlagsWord {
  const word = view.getBigUint64(at + layout.offsets.flags, true);
  const field = ({ shift, width }: FlagField): number =>
    width === 0 ? 0 : Number((word >> BigInt(shift)) & ((1n << BigInt(width)) - 1n));
  const bit = layout.flags.bits.get('reserved');
  return {
    node: field(layout.fields.node),
    zone: field(layout.fields.zone),
    reserved: bit !== undefined && ((word >> BigInt(bit)) & 1n) === 1n,
    word,
  };
}
