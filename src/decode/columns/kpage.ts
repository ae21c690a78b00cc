import type { PageColumn } from './page-column.ts';

export const kpageflags: PageColumn<'kpageflags', 'word'> = {
  name: 'kpageflags',
  kind: 'word',
  help: 'what this kernel says of the page in /proc/kpageflags, its errors included',
  needs: 'kpage',
  onDemand: true,
  needsOnline: true,
  lane: (context) => ({ kind: 'word', at: context.area('kpageflags', 8), stride: 8 }),
};

export const kpagecount: PageColumn<'kpagecount', 'number'> = {
  name: 'kpagecount',
  kind: 'number',
  help: 'what this kernel says of the page in /proc/kpagecount',
  numbers: 'int32',
  needs: 'kpage',
  onDemand: true,
  needsOnline: true,
  lane: (context) => ({ kind: 'int', at: context.area('kpagecount', 4), stride: 4 }),
};
