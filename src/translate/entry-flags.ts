import type { PageTables, WalkStep } from './page-walk.ts';

/** Names of the flag bits set in the entry of a step, e.g. `present`, `rw`, `nx`; none if the architecture lists none. */
export function entryFlagNames(tables: PageTables, step: WalkStep): string[] {
  const { architecture, mode } = tables;
  const level = mode.levels.find((l) => l.name === step.level);
  const lowest = step.level === mode.levels.at(-1)?.name;
  const isLeaf = level?.leaves.some(({ when }) => (step.entry & when.mask) === when.is) === true;
  const has = { lowest, large: !lowest && isLeaf, leaf: lowest || isLeaf };
  return (architecture.entryFlags ?? [])
    .filter(({ bit, of }) => ((step.entry >> BigInt(bit)) & 1n) === 1n && (of === undefined || has[of]))
    .map(({ name }) => name);
}
