/** Kinds of BTF types by number (include/uapi/linux/btf.h). */
export const KIND_NAMES: readonly string[] = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
];

export const INT = 1;
export const PTR = 2;
export const ARRAY = 3;
export const STRUCT = 4;
export const UNION = 5;
export const ENUM = 6;
export const TYPEDEF = 8;
export const VOLATILE = 9;
export const CONST = 10;
export const RESTRICT = 11;
export const VAR = 14;
export const DATASEC = 15;
export const FLOAT = 16;
export const TYPE_TAG = 18;
export const ENUM64 = 19;

/** Kind numbers that `info` can hold: 7 bits since 7.1; before that 5 bits, with the others 0. */
export const KINDS = 128;

/**
 * The length of a type in 32-bit words: 3 + `fixed[kind]` + `each[kind]` for each of its `vlen` elements. -1 in `fixed`
 * marks an unknown kind.
 */
export interface KindSizes {
  readonly fixed: Int16Array;
  readonly each: Int16Array;
}

export function knownKindSizes(): KindSizes {
  const fixed = new Int16Array(KINDS).fill(-1);
  const each = new Int16Array(KINDS);
  fixed.fill(0, 1, KIND_NAMES.length);
  fixed[INT] = 1;
  fixed[ARRAY] = 3;
  fixed[VAR] = 1;
  fixed[17] = 1; // decl_tag
  each[STRUCT] = 3;
  each[UNION] = 3;
  each[ENUM] = 2;
  each[13] = 2; // func_proto
  each[DATASEC] = 3;
  each[ENUM64] = 3;
  return { fixed, each };
}
