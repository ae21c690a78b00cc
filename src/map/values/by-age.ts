import { StructPageError, UnsupportedError } from '../../core/errors.ts';
import type { Inspector } from '../../inspector/inspector.ts';
import type { Facts, OwnColumn } from '../lanes.ts';
import type { MapValue, Shade } from './map-value.ts';

const AGES = [
  'active',
  'inactive, referenced',
  'inactive',
  'unevictable',
  'not on an LRU list',
  'free',
] as const;
type Age = (typeof AGES)[number];

/** How recently pages were used, as far as their flags tell (mm/swap.c). */
export const byAge: MapValue = {
  name: 'age',
  help: 'how recently the page was used: the LRU list that it is on',
  columns: ['flags', 'free_order'],
  open(inspector): readonly OwnColumn[] {
    if (usesGenerations(inspector)) {
      throw new UnsupportedError(
        'this kernel keeps the age of pages in generations (MGLRU), not in their flags, so there is no map by age',
        'the other values of --by are there',
      );
    }
    return [];
  },
  label(page: Facts): Age {
    if (page.number('free_order') !== undefined) return 'free';
    const flags = page.names('flags');
    if (flags.includes('unevictable')) return 'unevictable';
    if (!flags.includes('lru')) return 'not on an LRU list';
    if (flags.includes('active')) return 'active';
    return flags.includes('referenced') ? 'inactive, referenced' : 'inactive';
  },
  shade(label): Shade | undefined {
    const rank = AGES.indexOf(label as Age);
    if (rank < 0) return undefined;
    if (label === 'free') return { scale: 'free', at: 0, rank };
    if (label === 'not on an LRU list') return { scale: 'plain', at: 0.4, rank };
    return { scale: 'used', at: 1 - rank / 4, rank };
  },
};

/**
 * Whether multi-generational LRU lists are in use: the first static key of lru_gen_caps, LRU_GEN_CORE, tells (mm/vmscan.c). Throws
 * UnsupportedError if the kernel has them and the dump does not tell.
 */
function usesGenerations({ types, objects }: Inspector): boolean {
  if (!types.place('lru_gen_folio', 'max_seq') && !types.place('lru_gen_struct', 'max_seq')) return false;
  try {
    return objects.struct('static_key').number(objects.symbol('lru_gen_caps'), 'enabled') > 0;
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    throw new UnsupportedError(
      `this dump does not tell whether its kernel keeps the age of pages in generations (MGLRU): ${error.message}`,
      'the other values of --by are there',
    );
  }
}
