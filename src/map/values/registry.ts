import type { MapBy } from '../options.ts';
import { byAge } from './by-age.ts';
import { byClass, byNode, byOwner, byState, byType } from './by-kind.ts';
import { byMigratetype } from './by-migratetype.ts';
import { byOrder, byRefcount } from './by-number.ts';
import type { MapValue } from './map-value.ts';

/** What a map can be coloured by. */
export const MAP_VALUES: { readonly [N in MapBy]: MapValue } = {
  type: byType,
  class: byClass,
  migratetype: byMigratetype,
  order: byOrder,
  node: byNode,
  age: byAge,
  owner: byOwner,
  refcount: byRefcount,
  state: byState,
};
