import { MappingKind, mayBeMovable, movableByMapping, pointersFrom, pointersSpan } from './generated/abi';

/** Code in MAPPING_KINDS by the low bits of `mapping` (include/linux/page-flags.h: PAGE_MAPPING_ANON, _KSM, _MOVABLE). */
@inline
export function kindOf(mapping: u64, type: i32): i32 {
  const code = kindOfPlain(mapping, kindCodes());
  return type && load<u8>(mayBeMovable + type) && code != MappingKind.movable ? 0 : code;
}

/** The codes for the four values of the low bits, 4 bits each: file, anon, movable or none, ksm. */
@inline
export function kindCodes(): u32 {
  return (
    MappingKind.file |
    (MappingKind.anon << 4) |
    (movableByMapping ? MappingKind.movable << 8 : 0) |
    (MappingKind.ksm << 12)
  );
}

/** Branch-free, since neighbours differ; poison values are not kernel pointers. */
@inline
export function kindOfPlain(mapping: u64, codes: u32): i32 {
  const code = (codes >> ((<u32>mapping & 3) << 2)) & 7;
  return <i32>(code & -(<u32>(mapping - pointersFrom <= pointersSpan)));
}

/** Bits of `mapping` that determine its kind: the top 8 if these distinguish kernel pointers, otherwise all. */
export function kindMask(): u64 {
  const low: u64 = 0x00ffffffffffffff;
  return ((pointersFrom | (pointersFrom + pointersSpan + 1)) & low) == 0 ? 0xff00000000000003 : ~0;
}
