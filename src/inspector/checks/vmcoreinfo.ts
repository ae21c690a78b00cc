import { pageTypeDecoder } from '../../decode/page-type.ts';
import type { Inspector } from '../inspector.ts';
import { type Check, refuse } from './check.ts';

/** Numbers of flags and page types. Sizes and offsets are compared earlier, before the types are used. */
export const vmcoreinfo: Check = { name: 'VMCOREINFO', run: checkVmcoreinfo };

/** Values in both VMCOREINFO and the layout must be equal. */
function checkVmcoreinfo(inspector: Inspector): string | undefined {
  const { layout } = inspector;
  const info = inspector.kernel.vmcoreinfo;
  if (!info) return;
  let agreed = 0;
  const same = (key: string, said: number | undefined, ours: number | undefined): void => {
    if (said === undefined || ours === undefined) return;
    if (said !== ours) refuse(inspector, key, `VMCOREINFO says ${key}=${said}, the layout says ${ours}`);
    agreed++;
  };
  for (const flag of ['lru', 'private', 'swapcache', 'swapbacked', 'slab', 'hwpoison']) {
    const said = info.number(`PG_${flag}`);
    same(
      `NUMBER(PG_${flag})`,
      said === undefined ? undefined : Number(said),
      layout.flags.bits.get(flag) ?? -1,
    );
  }
  const head = info.number('PG_head_mask');
  same(
    'NUMBER(PG_head_mask)',
    head === undefined ? undefined : Number(head),
    2 ** (layout.flags.bits.get('head') ?? 0),
  );
  const types = pageTypeDecoder(layout);
  for (const type of ['buddy', 'slab', 'hugetlb', 'offline', 'unaccepted']) {
    const said = info.number(`PAGE_${type.toUpperCase()}_MAPCOUNT_VALUE`);
    if (said === undefined) continue;
    const found = types.names[types.decode(Number(BigInt.asIntN(32, said)))];
    if (found !== type) {
      refuse(
        inspector,
        `page type ${type}`,
        `VMCOREINFO says that ${said} is ${type}, the layout says ${found || 'no type'}`,
      );
    }
    agreed++;
  }
  return `${agreed} numbers agree`;
}
