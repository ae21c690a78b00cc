import type { PageColumn } from './page-column.ts';

export const kpageflags: PageColumn<'kpageflags', 'word'> = {
  name: 'kpageflags',
  kind: 'word',
  help: 'flags of the page as this kernel reports them in /proc/kpageflags, including its errors',
  needs: 'kpage',
  onDemand: true,
  needsOnline: true,
  lane: (context) => ({ kind: 'word', at: context.area('kpageflags', 8), stride: 8 }),
};

export const kpagecount: PageColumn<'kpagecount', 'number'> = {
  name: 'kpagecount',
  kind: 'number',
  help: 'map count of the page as this kernel reports it in /proc/kpagecount',
  numbers: 'int32',
  needs: 'kpage',
  onDemand: true,
  needsOnline: true,
  lane: (context) => ({ kind: 'int', at: context.area('kpagecount', 4), stride: 4 }),
};
