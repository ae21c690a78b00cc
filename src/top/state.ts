import { TOP_ORDERS, type TopOrder } from './rows.ts';
import { TOP_OWNERS, type TopOwner, type TopUse } from './sample.ts';

/** What the user has chosen. */
export interface TopState {
  readonly by: TopUse;
  readonly owner: TopOwner;
  readonly order: TopOrder;
  /** Wanted milliseconds from one sample to the next. */
  readonly interval: number;
  readonly isPaused: boolean;
  readonly showsHelp: boolean;
  /** Rows of owners that are scrolled away. */
  readonly scroll: number;
}

/** What a key does: a new state, and whether to end or to take a sample at once. */
export interface KeyEffect {
  readonly state: TopState;
  readonly quits?: true;
  readonly samples?: true;
}

/** The keys and what they do, for the help on the screen. */
export const KEYS: readonly (readonly [keys: string, help: string])[] = [
  ['q', 'quit'],
  ['space', 'pause, and go on'],
  ['Enter', 'take a sample now'],
  ['c', 'count by class or by type; classes take longer'],
  ['o', 'owners: slab caches, processes, files, cgroups, callers of vmalloc()'],
  ['1 to 5', 'choose the owners'],
  ['s', 'sort by size, by rate or by name'],
  ['+ -', 'make the interval longer or shorter'],
  ['up down', 'scroll the owners; also j and k, page up and down'],
  ['h ?', 'show or hide this help'],
];

const LONGER: readonly number[] = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300].map((s) => s * 1000);
const PAGE = 10;
const UP = ['k', '\x1b[A', '\x1bOA'];
const DOWN = ['j', '\x1b[B', '\x1bOB'];

/** Splits what a terminal sends into keys: an escape sequence is one. */
export function keysOf(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send them
  return text.match(/\x1b(?:\[[0-9;]*[ -/]*[@-~]|O.)|[\s\S]/gu) ?? [];
}

/** What a key does; unknown keys do nothing. `can` tells what the image can count by. */
export function press(state: TopState, key: string, can: (what: TopUse | TopOwner) => boolean): KeyEffect {
  if (UP.includes(key)) return scrolled(state, -1);
  if (DOWN.includes(key)) return scrolled(state, 1);
  switch (key) {
    case 'q':
    case 'Q':
      return { state, quits: true };
    case ' ':
      return { state: { ...state, isPaused: !state.isPaused } };
    case '\r':
    case '\n':
      return { state, samples: true };
    case 'h':
    case '?':
      return { state: { ...state, showsHelp: !state.showsHelp } };
    case '\x1b':
      return { state: { ...state, showsHelp: false } };
    case 's':
      return { state: { ...state, order: after(TOP_ORDERS, state.order) } };
    case 'c': {
      const by = state.by === 'type' ? 'class' : 'type';
      return can(by) ? { state: { ...state, by }, samples: true } : { state };
    }
    case 'o': {
      const owners = TOP_OWNERS.filter(can);
      return { state: { ...state, owner: after(owners, state.owner), scroll: 0 }, samples: true };
    }
    case '+':
      return { state: { ...state, interval: LONGER.find((s) => s > state.interval) ?? state.interval } };
    case '-':
      return {
        state: { ...state, interval: LONGER.findLast((s) => s < state.interval) ?? state.interval },
      };
    case '\x1b[5~':
      return scrolled(state, -PAGE);
    case '\x1b[6~':
      return scrolled(state, PAGE);
    default: {
      const owner = /^[1-5]$/.test(key) ? TOP_OWNERS[Number(key) - 1]! : undefined;
      if (owner === undefined || !can(owner)) return { state };
      return { state: { ...state, owner, scroll: 0 }, samples: true };
    }
  }
}

function scrolled(state: TopState, by: number): KeyEffect {
  return { state: { ...state, scroll: Math.max(0, state.scroll + by) } };
}

function after<T>(list: readonly T[], now: T): T {
  return list[(list.indexOf(now) + 1) % list.length]!;
}
