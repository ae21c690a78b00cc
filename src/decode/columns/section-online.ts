import type { LaneContext, PageColumn } from './page-column.ts';

const NAMES = ['offline', 'online'];

/** SECTION_IS_ONLINE of section_mem_map (include/linux/mmzone.h). */
export const sectionOnline: PageColumn<'section_online', 'name'> = {
  name: 'section_online',
  kind: 'name',
  help: 'whether its memory section is online',
  ofPlace: true,
  onDemand: true,
  needsOnline: true,
  needsSections: true,
  noun: 'state of a section',
  names: () => NAMES,
  lane(context) {
    const { pages, model, start, count } = context;
    const at = context.area('section_online', 1);
    const codes = pages.loops.bytes(at, count);
    for (let i = 0; i < count; ) {
      const section = Math.floor((start + i) / model.pagesPerSection);
      const end = Math.min(count, (section + 1) * model.pagesPerSection - start);
      codes.fill(isOnline(context, section) ? 1 : 0, i, end);
      i = end;
    }
    return { kind: 'code', at, stride: 1, bytes: 1, names: NAMES };
  },
};

function isOnline({ model }: LaneContext, section: number): boolean {
  return model.sections.list.some(({ number, online }) => number === section && online.length > 0);
}
