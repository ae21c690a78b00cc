import { LayoutError } from '../core/errors.ts';
import type { TypeFacts } from './type-facts.ts';
import { memberOf } from './wanted.ts';

/** A member that exists if another member or a struct exists. A name alone could belong to a kernel that never was. */
interface Companion {
  readonly has: readonly [struct: string, member?: string];
  readonly needs: readonly [struct: string, member: string];
  /** Alternatives. */
  readonly or?: readonly (readonly [struct: string, member: string])[];
}

const COMPANIONS: readonly Companion[] = [
  { has: ['kmem_cache'], needs: ['kmem_cache', 'name'] },
  { has: ['slab', 'slab_cache'], needs: ['kmem_cache', 'name'] },
  { has: ['page', 'slab_cache'], needs: ['kmem_cache', 'name'] },
  { has: ['kmem_cache'], needs: ['slab', 'slab_cache'], or: [['page', 'slab_cache']] },
  { has: ['mem_cgroup'], needs: ['page', 'memcg_data'] },
  { has: ['mem_section_usage'], needs: ['mem_section', 'usage'] },
  { has: ['mem_section_usage'], needs: ['mem_section_usage', 'subsection_map'] },
  { has: ['mm_struct', 'numa_scan_offset'], needs: ['mm_struct', 'numa_next_scan'] },
  // since 4.6, when `_count` became `_refcount`; until 6.3 in struct page, then in struct folio
  {
    has: ['page', '_refcount'],
    needs: ['folio', '_entire_mapcount'],
    or: [['page', 'compound_mapcount']],
  },
  { has: ['page', 'compound_dtor'], needs: ['page', 'compound_order'] },
  { has: ['page', 'compound_order'], needs: ['page', 'compound_dtor'] },
  { has: ['folio', '_folio_dtor'], needs: ['folio', '_folio_order'] },
  { has: ['folio', '_folio_order'], needs: ['folio', '_folio_dtor'] },
];

/** Throws LayoutError if one of a pair of members is missing. */
export function checkMembers(types: TypeFacts): void {
  for (const { has, needs, or = [] } of COMPANIONS) {
    const [struct, member] = has;
    const there = member === undefined ? types.structSize(struct) : memberOf(types, struct, member);
    if (!there || [needs, ...or].some(([s, m]) => memberOf(types, s, m))) continue;
    throw new LayoutError(
      needs.join('.'),
      `${types.origin} has no such member, which a kernel with ${has.join('.')} has`,
      'The types are damaged, or of a kernel that this version of structpage does not know',
    );
  }
}
