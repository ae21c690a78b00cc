import type { PassedCheck } from './checks/check.ts';
import { CHECKS } from './checks/registry.ts';
import type { Inspector } from './inspector.ts';

export type { PassedCheck } from './checks/check.ts';

/**
 * Tries a layout on the memory, so that a wrong one is refused before the first row is printed. Throws a LayoutError that
 * names the failed check and the evidence; returns the checks that passed.
 */
export function checkLayout(inspector: Inspector): PassedCheck[] {
  return CHECKS.flatMap(({ name, run }) => {
    const evidence = run(inspector);
    return evidence === undefined ? [] : [{ check: name, evidence }];
  });
}
