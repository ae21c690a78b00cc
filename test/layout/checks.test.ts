import { describe, expect, test } from 'vitest';
import { Vmcoreinfo } from '../../src/formats/vmcoreinfo.ts';
import { checkEnums } from '../../src/layout/check-enums.ts';
import { checkMembers } from '../../src/layout/check-members.ts';
import { checkVmcoreinfo } from '../../src/layout/check-vmcoreinfo.ts';
import { resolveFlagBits } from '../../src/layout/flag-bits.ts';
import { strangeFlags } from '../../src/layout/known-flags.ts';
import { findLayouts, layoutIndex } from '../../src/layout/registry.ts';
import type { TypeFacts } from '../../src/layout/type-facts.ts';

const ALL: TypeFacts[] = layoutIndex().flatMap(({ arch, release, buildId }) => [
  ...[...findLayouts({ arch, release, buildId })].slice(0, 1).map(({ types }) => types),
]);
const [first] = ALL;

test('every kernel of layouts/ holds', () => {
  expect(ALL.length).toBeGreaterThan(15);
  for (const types of ALL) {
    checkEnums(types);
    checkMembers(types);
    expect(strangeFlags(resolveFlagBits(types))).toEqual([]);
  }
});

/** The first kernel with one enum that is changed. */
function withEnum(name: string, change: (constants: [string, bigint][]) => [string, bigint][]): TypeFacts {
  return {
    ...first!,
    enumerators: (wanted) => {
      const found = first!.enumerators(wanted);
      return found && wanted === name ? new Map(change([...found])) : found;
    },
  };
}

describe('an enum is refused', () => {
  const set = (of: string, to: bigint) => (constants: [string, bigint][]) =>
    constants.map(([name, value]): [string, bigint] => [name, name === of ? to : value]);
  test.each([
    [
      'two flags that changed places',
      withEnum('pageflags', (c) => set('PG_dirty', 4n)(set('PG_lru', 3n)(c))),
    ],
    ['a zone beyond all', withEnum('zone_type', set('ZONE_DMA32', 0xfffffffen))],
    [
      'a flag without its prefix',
      withEnum('pageflags', (c) => c.map(([n, v]) => [n === 'PG_lru' ? 'G_lru' : n, v])),
    ],
    ['an alias of no flag', withEnum('pageflags', set('PG_swapcache', 50n))],
  ])('%s', (_what, types) => {
    expect(() => checkEnums(types)).toThrow(/enum (pageflags|zone_type)/);
  });
});

test('a flag that no kernel has is told', () => {
  const types = withEnum('pageflags', (c) => c.map(([n, v]) => [n === 'PG_dirty' ? 'PG_dipty' : n, v]));
  expect(strangeFlags(resolveFlagBits(types))).toEqual([expect.stringContaining('dipty')]);
});

test('a member that its companion needs is missed', () => {
  const types: TypeFacts = {
    ...first!,
    place: (struct, path) =>
      path === 'name' && struct === 'kmem_cache' ? undefined : first!.place(struct, path),
  };
  expect(() => checkMembers(types)).toThrow('kmem_cache.name');
});

test('what VMCOREINFO says of a struct is compared, whatever it is of', () => {
  const info = (line: string): Vmcoreinfo =>
    Vmcoreinfo.parse(`OSRELEASE=6\nPAGESIZE=4096\n${line}\n`, 'test');
  const size = first!.structSize('zone')!;
  expect(checkVmcoreinfo(first!, info(`SIZE(zone)=${size}`))).toBe(1);
  expect(() => checkVmcoreinfo(first!, info(`SIZE(zone)=${size + 8}`))).toThrow(/SIZE\(zone\)/);
  expect(() => checkVmcoreinfo(first!, info('OFFSET(page.mapping)=32'))).toThrow(
    /OFFSET\(page\.mapping\)=32/,
  );
  expect(() => checkVmcoreinfo(first!, info('LENGTH(zone.free_area)=9'))).toThrow(/free_area/);
  expect(checkVmcoreinfo(first!, info('SIZE(list_head)=16'))).toBe(1);
});
