import type { Facts } from '../lanes.ts';
import { type MapValue, NOT_KNOWN } from './map-value.ts';

/** The page type, or what the page maps, as `summary` counts them. */
export function typeLabel(page: Facts): string {
  const type = page.text('type');
  if (type !== '') return type;
  const kind = page.text('mapping_kind');
  if (kind !== '' && kind !== 'none') return kind;
  return page.names('flags').includes('reserved') ? 'reserved' : 'other';
}

export const byType: MapValue = {
  name: 'type',
  help: 'page type, or what the page maps: buddy, slab, anon, file, ...',
  columns: ['type', 'mapping_kind', 'flags'],
  label: typeLabel,
};

export const byClass: MapValue = {
  name: 'class',
  help: 'what the page is for (docs/classes.md)',
  columns: ['class', 'subclass'],
  label: (page) => page.text('class') || NOT_KNOWN,
};

export const byOwner: MapValue = {
  name: 'owner',
  help: 'the best owner known (docs/owners.md); the class of pages without one',
  columns: ['owner', 'class', 'subclass', 'file', 'process', 'memcg', 'slab_cache'],
  label(page) {
    const owner = page.text('owner');
    if (owner !== '') return owner;
    const name = page.text('class');
    const subclass = page.text('subclass');
    return subclass === '' ? name || NOT_KNOWN : `${name} (${subclass})`;
  },
};

export const byNode: MapValue = {
  name: 'node',
  help: 'NUMA node',
  columns: ['node'],
  label: (page) => `node ${page.number('node')}`,
};

export const byState: MapValue = {
  name: 'state',
  help: 'whether the struct page could be read',
  columns: [],
  label: () => 'read',
};
