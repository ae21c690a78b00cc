import { UnsupportedError } from '../../core/errors.ts';
import { pageblockOrder } from '../../memmap/pageblock-order.ts';
import { migratetypeNames } from '../../tables/remainder.ts';
import type { OwnColumn } from '../lanes.ts';
import { type MapValue, NOT_KNOWN } from './map-value.ts';

export const byMigratetype: MapValue = {
  name: 'migratetype',
  help: 'migratetype of the pageblock',
  columns: [],
  open(inspector, trouble): readonly OwnColumn[] {
    let isKnown = true;
    const nameOf = migratetypeNames(inspector, (sentence) => {
      isKnown = false;
      trouble(sentence);
    });
    if (!isKnown) {
      throw new UnsupportedError(
        'the migratetypes of this dump cannot be read, so it has no map by them',
        'the other values of --by are there',
      );
    }
    const names: string[] = [''];
    const codes = new Map<string | undefined, number>([[undefined, 0]]);
    const block = 2 ** pageblockOrder(inspector.types, inspector.kernel.space.walker.tables.mode);
    return [
      {
        name: 'migratetype',
        names,
        fill(start, out) {
          for (let at = 0; at < out.length; ) {
            const pfn = start + at;
            const end = Math.min(out.length, at + block - (pfn % block));
            const name = nameOf(pfn);
            let code = codes.get(name);
            if (code === undefined) {
              code = names.push(name!) - 1;
              codes.set(name, code);
            }
            out.fill(code, at, end);
            at = end;
          }
        },
      },
    ];
  },
  label: (page) => page.text('migratetype') || NOT_KNOWN,
};
