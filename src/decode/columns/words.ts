import { type PageColumn, wordAt } from './page-column.ts';

export const flagsRaw: PageColumn<'flags_raw', 'word'> = {
  name: 'flags_raw',
  kind: 'word',
  help: 'the word `flags` as it is, with the fields in its upper bits',
  lane: (context) => wordAt(context, context.layout.offsets.flags),
};

export const mapping: PageColumn<'mapping', 'word'> = {
  name: 'mapping',
  kind: 'word',
  help: 'the word `mapping` as it is',
  lane: (context) => wordAt(context, context.layout.offsets.mapping),
};

export const index: PageColumn<'index', 'word'> = {
  name: 'index',
  kind: 'word',
  help: 'the word `index` as it is',
  isOffset: true,
  lane: (context) => wordAt(context, context.layout.offsets.index),
};

export const privateWord: PageColumn<'private', 'word'> = {
  name: 'private',
  kind: 'word',
  help: 'the word `private` as it is',
  lane: (context) => wordAt(context, context.layout.offsets.private),
};

export const lruNext: PageColumn<'lru_next', 'word'> = {
  name: 'lru_next',
  kind: 'word',
  help: 'the first word of the lru union',
  lane: (context) => wordAt(context, context.layout.offsets.lru),
};

export const lruPrev: PageColumn<'lru_prev', 'word'> = {
  name: 'lru_prev',
  kind: 'word',
  help: 'the second word of the lru union',
  lane: (context) => wordAt(context, context.layout.offsets.lru + 8),
};

export const memcgData: PageColumn<'memcg_data', 'word'> = {
  name: 'memcg_data',
  kind: 'word',
  help: 'the word memcg_data as it is; empty if the kernel has none',
  mayBeEmpty: true,
  lane(context) {
    const { memcg } = context.layout.offsets;
    return memcg === undefined ? { kind: 'empty', as: 'word' } : wordAt(context, memcg);
  },
};
