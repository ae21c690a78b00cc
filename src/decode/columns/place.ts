import { PAGE_STATES } from '../../memmap/page-reader.ts';
import type { LaneContext, PageColumn } from './page-column.ts';

export const pfn: PageColumn<'pfn', 'number'> = {
  name: 'pfn',
  kind: 'number',
  help: 'page frame number',
  ofPlace: true,
  inTable: true,
  widest: (lastPfn) => `${lastPfn}`,
  lane(context) {
    const { pages, start, count } = context;
    const at = context.area('pfn', 8);
    pages.loops.run.ramp(at, count, BigInt(start), 1n);
    return { kind: 'count', at };
  },
};

export const phys: PageColumn<'phys', 'word'> = {
  name: 'phys',
  kind: 'word',
  help: 'physical address of the page: pfn * page size',
  ofPlace: true,
  widest: (lastPfn, pageBytes) => `0x${(lastPfn * pageBytes).toString(16)}`,
  lane(context) {
    const { pages, model, start, count } = context;
    const at = context.area('phys', 8);
    const shift = BigInt(model.pageShift);
    pages.loops.run.ramp(at, count, BigInt(start) << shift, 1n << shift);
    return { kind: 'word', at, stride: 8 };
  },
};

export const page: PageColumn<'page', 'word'> = {
  name: 'page',
  kind: 'word',
  help: 'virtual address of its struct page',
  ofPlace: true,
  inTable: true,
  lane(context) {
    const at = context.area('page', 8);
    writePageAddresses(context, at);
    return { kind: 'word', at, stride: 8 };
  },
};

/** Addresses are contiguous at least within a section; pfns without one have 0. */
function writePageAddresses({ pages, model, start, count }: LaneContext, at: number): void {
  const { pagesPerSection, base, pageSize } = model;
  const { run } = pages.loops;
  const step = BigInt(pageSize);
  if (base !== undefined) {
    run.ramp(at, count, base + BigInt(start) * step, step);
    return;
  }
  for (let i = 0; i < count; ) {
    const end = Math.min(count, i + pagesPerSection - ((start + i) % pagesPerSection));
    const address = model.addressOf(start + i);
    run.ramp(at + i * 8, end - i, address ?? 0n, address === undefined ? 0n : step);
    i = end;
  }
}

export const section: PageColumn<'section', 'number'> = {
  name: 'section',
  kind: 'number',
  help: 'number of its memory section',
  ofPlace: true,
  needsSections: true,
  lane(context) {
    const { pages, model, start, count } = context;
    const at = context.area('section', 8);
    pages.loops.run.sections(at, count, start, model.pagesPerSection);
    return { kind: 'count', at };
  },
};

export const state: PageColumn<'state', 'name'> = {
  name: 'state',
  kind: 'name',
  help: 'ok, or the reason why its struct page could not be read; selecting it lists such pages too',
  ofPlace: true,
  onDemand: true,
  noun: 'state of a struct page',
  names: () => PAGE_STATES,
  lane: ({ pages }) => ({ kind: 'code', at: pages.states, stride: 1, bytes: 1, names: PAGE_STATES }),
};
