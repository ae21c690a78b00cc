import { word } from '../../core/address.ts';
import { MAPPING_KINDS } from '../mapping.ts';
import { FACT_BYTES } from '../page-loops.ts';
import type { LaneContext, PageColumn } from './page-column.ts';

const FILE = MAPPING_KINDS.indexOf('file');

/** Calls `use` for each page of the batch with the word at `offset` of its folio's head, or 0n if it cannot be read. */
function ofHeads(context: LaneContext, offset: number, use: (index: number, head: bigint) => void): void {
  const { pages, layout, start, count } = context;
  const words = pages.loops.words(pages.raw, (count * layout.size) / 4);
  const heads = pages.loops.doubles(pages.head, count);
  const states = pages.loops.bytes(pages.states, count);
  let lastHead = -1;
  let lastWord = 0n;
  for (let i = 0; i < count; i++) {
    if (states[i] !== 0) continue;
    const head = heads[i]!;
    if (head !== lastHead) {
      const at = head - start;
      lastHead = head;
      lastWord =
        at >= 0 && at < count
          ? word(words[(at * layout.size + offset) / 4]!, words[(at * layout.size + offset) / 4 + 1]!)
          : (pages.wordOutside(head, offset) ?? 0n);
    }
    use(i, lastWord);
  }
}

function ofFiles(context: LaneContext, put: (index: number, code: number) => void): void {
  const { pages, layout, count, maps } = context;
  const { at } = pages.fact('kind');
  const kinds = pages.loops.bytes(at, count * FACT_BYTES);
  ofHeads(context, layout.offsets.mapping, (i, mapping) => {
    if (kinds[i * FACT_BYTES] === FILE) put(i, maps!.owners!.file(mapping));
  });
}

export const file: PageColumn<'file', 'name'> = {
  name: 'file',
  kind: 'name',
  help: 'file that the page caches: its path, or another of its names; " (deleted)" behind it if it was unlinked',
  mayBeEmpty: true,
  needs: 'heads',
  needsMap: 'owners',
  onDemand: true,
  lane(context) {
    const at = context.area('file', 4);
    const codes = context.pages.loops.words(at, context.count).fill(0);
    ofFiles(context, (i, code) => {
      codes[i] = code;
    });
    return { kind: 'code', at, stride: 4, bytes: 4, names: context.maps!.owners!.fileNames };
  },
};

export const memcg: PageColumn<'memcg', 'name'> = {
  name: 'memcg',
  kind: 'name',
  help: 'memory cgroup that the page is charged to; " (dying)" behind it if it was removed; empty for slabs',
  mayBeEmpty: true,
  needs: 'heads',
  needsMap: 'owners',
  onDemand: true,
  lane(context) {
    const { layout, count, pages, maps } = context;
    const at = context.area('memcg', 4);
    const codes = pages.loops.words(at, count).fill(0);
    const names = maps!.owners!.memcgNames;
    if (layout.offsets.memcg !== undefined) {
      let last = 0n;
      let code = 0;
      ofHeads(context, layout.offsets.memcg, (i, data) => {
        if (data !== last) {
          code = maps!.owners!.memcg(data);
          last = data;
        }
        codes[i] = code;
      });
    }
    return { kind: 'code', at, stride: 4, bytes: 4, names };
  },
};
