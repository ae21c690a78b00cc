import { UsageError } from '../../core/errors.ts';
import type { Inspector } from '../../inspector/inspector.ts';
import { type Column, nameOf } from '../../table/column.ts';
import {
  COUNTED,
  copyPages,
  Dictionary,
  emptyPages,
  NAMED,
  type Named,
  type Pages,
  TILE,
  type Tile,
  tileOf,
} from './tile.ts';

/** Classes of pages that the kernel can move elsewhere, or that are free. */
const MOVABLE: ReadonlySet<string> = new Set([
  'free_buddy',
  'free_pcp',
  'anon',
  'ksm',
  'file',
  'shmem',
  'swap_cache',
]);
const NO_MEMORY: ReadonlySet<string> = new Set(['hole', 'reserved']);

/** The columns of pages that are read; the others of a snapshot are made anew. */
const COLUMNS = ['pfn', 'flags', ...COUNTED, ...NAMED, 'free_order'] as const;

/** The tiles of captures, by what is in them, and their pages for tiles that are put together. */
export interface Catalogue {
  readonly dictionary: Dictionary;
  /** Tiles with pages that cannot be moved. */
  readonly kernel: readonly Tile[];
  /** Tiles of memory of processes, and free pages between. */
  readonly user: readonly Tile[];
  /** All pages, for templates. */
  readonly pages: readonly Pages[];
  readonly releases: readonly string[];
  readonly architecture: string;
  readonly pageSize: number;
}

/** Reads the pages of captures into tiles. Throws UsageError if they are of several architectures or have too little memory. */
export function readCatalogue(captures: readonly Inspector[]): Catalogue {
  const [first] = captures;
  if (!first) throw new UsageError('no capture to make hosts of');
  const { architecture, pageBytes } = first.kernel;
  const odd = captures.find(
    (c) => c.kernel.pageBytes !== pageBytes || c.kernel.architecture.name !== architecture.name,
  );
  if (odd) {
    throw new UsageError(
      `all captures must be of one architecture and page size: ${architecture.name} and ${odd.kernel.architecture.name} are given`,
    );
  }
  const dictionary = new Dictionary();
  const pages: Pages[] = [];
  const kernel: Tile[] = [];
  const user: Tile[] = [];
  for (const capture of captures) {
    for (const tile of tilesOf(capture, dictionary)) {
      pages.push(tile.pages);
      switch (kindOf(tile, dictionary)) {
        case 'kernel':
          kernel.push(tile);
          break;
        case 'user':
          user.push(tile);
      }
    }
  }
  if (kernel.length === 0 || user.length === 0) {
    throw new UsageError(
      `the captures have no blocks of ${TILE} pages of ${kernel.length === 0 ? 'the kernel' : 'processes'}: add a capture with more memory`,
    );
  }
  return {
    dictionary,
    kernel,
    user,
    pages,
    releases: [...new Set(captures.map((c) => c.kernel.release))],
    architecture: architecture.name,
    pageSize: pageBytes,
  };
}

function kindOf({ counts }: Tile, { names }: Dictionary): 'kernel' | 'user' | 'free' | 'nothing' {
  let [movable, absent, free] = [0, 0, 0];
  for (const [code, n] of counts.classes) {
    const name = names.class[code]!;
    if (MOVABLE.has(name)) movable += n;
    if (NO_MEMORY.has(name) || name === '') absent += n;
    if (name.startsWith('free_')) free += n;
  }
  if (absent > TILE / 4) return 'nothing';
  if (movable < TILE) return 'kernel';
  return free < TILE / 2 ? 'user' : 'free';
}

function* tilesOf(capture: Inspector, dictionary: Dictionary): Generator<Tile> {
  let pages = emptyPages(TILE);
  let [next, filled] = [-1, 0];
  for (const { batch, rows } of capture.selectSync({ columns: COLUMNS })) {
    const column = (name: (typeof COLUMNS)[number]): Column => batch.columns.get(name)!;
    const pfns = numbersOf(column('pfn'));
    const read = readers(dictionary, column);
    for (const row of rows) {
      const pfn = pfns[row]!;
      if (pfn !== next || pfn % TILE === 0) filled = 0;
      if (filled !== pfn % TILE) continue;
      read(row, pages, filled);
      next = pfn + 1;
      if (++filled < TILE) continue;
      yield tileOf(pages);
      pages = emptyPages(TILE);
    }
  }
}

/** A function that copies a row of a batch to a place of a tile. */
function readers(
  dictionary: Dictionary,
  column: (name: (typeof COLUMNS)[number]) => Column,
): (row: number, to: Pages, at: number) => void {
  const counted = COUNTED.map((name) => ({ name, from: column(name) }));
  const named = NAMED.map((name) => ({ name, from: column(name), codes: new Map<number, number>() }));
  const flags = column('flags');
  const freeOrder = column('free_order');
  const words = new Map<string, readonly [number, number]>();
  return (row, to, at) => {
    for (const { name, from } of counted) {
      const isAbsent = from.empty?.[row] === 1;
      to.absent[name][at] = Number(isAbsent);
      to.numbers[name][at] = isAbsent ? 0 : numbersOf(from)[row]!;
    }
    for (const { name, from, codes } of named) {
      to.codes[name][at] = from.empty?.[row] ? 0 : codeOf(dictionary, name, from, row, codes);
    }
    to.freeOrder[at] = freeOrder.empty?.[row] ? -1 : numbersOf(freeOrder)[row]!;
    [to.flagsLow[at], to.flagsHigh[at]] = wordOf(dictionary, flags, row, words);
  };
}

function numbersOf(column: Column): ArrayLike<number> {
  if (column.kind !== 'number') throw new TypeError(`a column of ${column.kind}s has no numbers`);
  return column.values;
}

function codeOf(
  dictionary: Dictionary,
  name: Named,
  column: Column,
  row: number,
  known: Map<number, number>,
): number {
  if (column.kind !== 'name') throw new TypeError(`${name} has no names`);
  const code = column.codes[row]!;
  let own = known.get(code);
  if (own === undefined) {
    // dying cgroups are planted, not inherited
    own = dictionary.code(name, nameOf(column.names, code).replace(/ \(dying\)$/, ''));
    known.set(code, own);
  }
  return own;
}

/** The flags of a row in the bits of the dictionary. */
function wordOf(
  dictionary: Dictionary,
  column: Column,
  row: number,
  known: Map<string, readonly [number, number]>,
): readonly [number, number] {
  if (column.kind !== 'set') throw new TypeError('flags are no sets');
  const [low, high] = [column.low[row]!, column.high[row]!];
  const key = `${low} ${high}`;
  let word = known.get(key);
  if (!word) {
    let [ownLow, ownHigh] = [0, 0];
    for (const [i, name] of column.names.entries()) {
      const isSet = i < 32 ? (low >>> i) & 1 : (high >>> (i - 32)) & 1;
      const bit = isSet && name !== '' ? dictionary.bit(name) : undefined;
      if (bit === undefined) continue;
      if (bit < 32) ownLow |= 1 << bit;
      else ownHigh |= 1 << (bit - 32);
    }
    word = [ownLow >>> 0, ownHigh >>> 0];
    known.set(key, word);
  }
  return word;
}

/** The pages at a place of a list of pages, for templates. */
export interface Sample {
  readonly pages: Pages;
  readonly first: number;
  readonly count: number;
}

/** A tile that repeats pages. */
export function repeated(samples: readonly Sample[]): Pages {
  const pages = emptyPages(TILE);
  for (let at = 0, i = 0; at < TILE; i++) {
    const { pages: from, first, count } = samples[i % samples.length]!;
    const n = Math.min(count, TILE - at);
    copyPages(pages, at, from, first, n);
    at += n;
  }
  return pages;
}
