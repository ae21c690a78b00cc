import { word } from '../../core/address.ts';
import { type Lane, NOTHING, putOptional } from '../lanes.ts';
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
  // a bigint is made only where the word differs from the one before
  let [lastLow, lastHigh] = [0, 0];
  for (let i = 0; i < count; i++) {
    if (states[i] !== 0) continue;
    const head = heads[i]!;
    if (head !== lastHead) {
      const at = head - start;
      lastHead = head;
      if (at >= 0 && at < count) {
        const place = (at * layout.size + offset) / 4;
        const [low, high] = [words[place]!, words[place + 1]!];
        if (low !== lastLow || high !== lastHigh) lastWord = word(low, high);
        [lastLow, lastHigh] = [low, high];
      } else {
        lastWord = pages.wordOutside(head, offset) ?? 0n;
        [lastLow, lastHigh] = [Number(lastWord & 0xffffffffn), Number(lastWord >> 32n)];
      }
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
  help: 'file that the page caches: its path or another name; ends with " (deleted)" if it was unlinked',
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
  help: 'memory cgroup that the page is charged to; ends with " (dying)" if it was removed; empty for slabs',
  mayBeEmpty: true,
  parts: ', ',
  needs: 'heads',
  needsMap: 'owners',
  onDemand: true,
  lane(context) {
    const { count, pages, maps } = context;
    const at = context.area('memcg', 4);
    writeMemcgs(context, pages.loops.words(at, count));
    return { kind: 'code', at, stride: 4, bytes: 4, names: maps!.owners!.memcgNames };
  },
};

/** Writes the code of each page's cgroup, an index into `memcgNames`. */
function writeMemcgs(context: LaneContext, codes: Uint32Array): void {
  const { layout, maps } = context;
  codes.fill(0);
  if (layout.offsets.memcg === undefined) return;
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

export const owner: PageColumn<'owner', 'name'> = {
  name: 'owner',
  kind: 'name',
  help: 'the best owner known: process and memory area, file, cgroup, slab cache, task, device (see docs/owners.md)',
  mayBeEmpty: true,
  needs: 'heads',
  needsMap: 'ownerNames',
  onDemand: true,
  lane(context) {
    const { start, count, pages, maps, cacheNames } = context;
    const at = context.area('owner', 4);
    const codes = pages.loops.words(at, count);
    const files = new Uint32Array(count);
    const memcgs = new Uint32Array(count);
    ofFiles(context, (i, code) => {
      files[i] = code;
    });
    writeMemcgs(context, memcgs);
    const cache = pages.fact('cache');
    const caches = pages.loops.bytes(cache.at, (count - 1) * cache.stride + 2);
    const { fileNames, memcgNames } = maps!.owners!;
    const { names } = maps!.ownerNames!;
    for (let i = 0; i < count; i++) {
      codes[i] = maps!.ownerNames!.code({
        pfn: start + i,
        file: fileNames[files[i]!]!,
        memcg: memcgNames[memcgs[i]!]!,
        slabCache: cacheNames[caches[i * cache.stride]! + 256 * caches[i * cache.stride + 1]!] ?? '',
      });
    }
    return { kind: 'code', at, stride: 4, bytes: 4, names };
  },
};

export const inode: PageColumn<'inode', 'number'> = {
  name: 'inode',
  kind: 'number',
  help: 'inode number of the file that the page caches',
  mayBeEmpty: true,
  needs: 'heads',
  needsMap: 'owners',
  onDemand: true,
  lane(context) {
    const { layout, count, pages, maps } = context;
    const at = context.area('inode', 8);
    const numbers = pages.loops.longs(at, count).fill(NOTHING);
    const kinds = pages.loops.bytes(pages.fact('kind').at, count * FACT_BYTES);
    ofHeads(context, layout.offsets.mapping, (i, mapping) => {
      if (kinds[i * FACT_BYTES] === FILE) numbers[i] = maps!.owners!.inode(mapping) ?? NOTHING;
    });
    return { kind: 'optional', at, as: 'number' };
  },
};

/** The lane of a column that says which processes map a page. */
function ofMappers(context: LaneContext, name: string, names: readonly string[]): Lane {
  const { start, count, pages, maps } = context;
  const at = context.area(name, 4);
  const codes = pages.loops.words(at, count);
  const { mappers } = maps!.owners!;
  for (let i = 0; i < count; i++) codes[i] = mappers.code(start + i);
  return { kind: 'code', at, stride: 4, bytes: 4, names };
}

export const callSite: PageColumn<'call_site', 'name'> = {
  name: 'call_site',
  kind: 'name',
  help: 'function that allocated the page by vmalloc()',
  mayBeEmpty: true,
  needsMap: 'owners',
  onDemand: true,
  lane(context) {
    const { start, count, pages, maps, model } = context;
    const at = context.area('call_site', 4);
    const codes = pages.loops.words(at, count);
    const sites = maps!.owners!.callSites((page) => model.pfnOf(page));
    for (let i = 0; i < count; i++) codes[i] = sites.of(start + i);
    return { kind: 'code', at, stride: 4, bytes: 4, names: sites.names };
  },
};

export const process: PageColumn<'process', 'name'> = {
  name: 'process',
  kind: 'name',
  help: 'processes that map the page: name[pid], joined by commas',
  mayBeEmpty: true,
  parts: ', ',
  needsMap: 'owners',
  onDemand: true,
  lane: (context) => ofMappers(context, 'process', context.maps!.owners!.mappers.processNames),
};

export const pids: PageColumn<'pids', 'name'> = {
  name: 'pids',
  kind: 'name',
  help: 'ids of the processes that map the page, joined by commas',
  mayBeEmpty: true,
  parts: ',',
  needsMap: 'owners',
  onDemand: true,
  lane: (context) => ofMappers(context, 'pids', context.maps!.owners!.mappers.pidNames),
};

export const vaddr: PageColumn<'vaddr', 'word'> = {
  name: 'vaddr',
  kind: 'word',
  help: 'address at which the first of these processes maps the page',
  mayBeEmpty: true,
  needsMap: 'owners',
  onDemand: true,
  lane(context) {
    const { start, count, pages, maps, model } = context;
    const at = context.area('vaddr', 8);
    const halves = pages.loops.ints(at, 2 * count);
    const size = 2 ** model.pageShift;
    const { mappers } = maps!.owners!;
    for (let i = 0; i < count; i++) {
      const page = mappers.firstPage(start + i);
      putOptional(halves, i, page === undefined ? undefined : page * size);
    }
    return { kind: 'optional', at, as: 'word' };
  },
};
