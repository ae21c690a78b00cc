import { CLASS_NAMES, PAGE_CLASSES } from '../../classify/classes.ts';
import type { LaneContext, PageColumn } from './page-column.ts';

const SUBCLASS_NAMES: readonly string[] = [
  '',
  ...new Set(PAGE_CLASSES.map((c) => c.subclass).filter(Boolean)),
];
const CLASS_CODES = Uint8Array.from(PAGE_CLASSES, (c) => Math.max(0, CLASS_NAMES.indexOf(c.name)));
const SUBCLASS_CODES = Uint8Array.from(PAGE_CLASSES, (c) => SUBCLASS_NAMES.indexOf(c.subclass));

/** Writes the code of each page of the batch: the index of its class in PAGE_CLASSES. */
function writeCodes({ maps, pages, start, count }: LaneContext, at: number, codes: Uint8Array): void {
  const target = pages.loops.bytes(at, count);
  const { classes } = maps!;
  for (let i = 0; i < count; i++) target[i] = codes[classes![start + i] ?? 0]!;
}

export const pageClass: PageColumn<'class', 'name'> = {
  name: 'class',
  kind: 'name',
  help: 'purpose of the page, as proven by kernel objects and its struct page (see docs/classes.md)',
  needsMap: 'classes',
  ofPlace: true,
  onDemand: true,
  noun: 'class',
  names: () => CLASS_NAMES,
  lane(context) {
    const at = context.area('class', 1);
    writeCodes(context, at, CLASS_CODES);
    return { kind: 'code', at, stride: 1, bytes: 1, names: CLASS_NAMES };
  },
};

export const subclass: PageColumn<'subclass', 'name'> = {
  name: 'subclass',
  kind: 'name',
  help: 'subclass of the page, if the class has any',
  mayBeEmpty: true,
  needsMap: 'classes',
  ofPlace: true,
  onDemand: true,
  noun: 'subclass',
  names: () => SUBCLASS_NAMES,
  lane(context) {
    const at = context.area('subclass', 1);
    writeCodes(context, at, SUBCLASS_CODES);
    return { kind: 'code', at, stride: 1, bytes: 1, names: SUBCLASS_NAMES };
  },
};
