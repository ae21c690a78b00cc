/** What a map can be coloured by; the first is the default. */
export const MAP_BY = [
  'type',
  'class',
  'migratetype',
  'order',
  'node',
  'age',
  'owner',
  'refcount',
  'state',
] as const;
export type MapBy = (typeof MAP_BY)[number];

/** How a map is laid out: neighbours stay together in squares, or follow each other in rows. */
export const CURVES = ['hilbert', 'rows'] as const;
export type CurveName = (typeof CURVES)[number];
