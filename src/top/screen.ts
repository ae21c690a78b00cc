import { printable } from '../core/printable.ts';
import { listPanel, type Panel, padded, sizeOf, zonePanel } from './panels.ts';
import { rowsOf } from './rows.ts';
import type { Sample, TopOwner } from './sample.ts';
import { KEYS, type TopState } from './state.ts';

/** What is shown besides the sample. */
export interface TopFacts {
  /** What is watched, e.g. the name of a dump. */
  readonly source: string;
  readonly release: string;
  readonly pageBytes: number;
  /** The part of the time that samples may take. */
  readonly share: number;
  /** Milliseconds from one sample to the next, as the cost of the last allows. */
  readonly interval: number;
}

/** A line of the screen; heads are shown in reverse. */
export interface Line {
  readonly text: string;
  readonly isHead?: true;
}

/** The owners in words. */
export const OWNER_TITLES: Readonly<Record<TopOwner, string>> = {
  slab_cache: 'SLAB CACHE',
  process: 'PROCESS',
  file: 'FILE',
  memcg: 'MEMORY CGROUP',
  call_site: 'CALLER OF VMALLOC',
};
/** From this width on, uses and owners stand side by side. */
const WIDE = 110;
const BETWEEN = 2;
/** Types and classes of free pages. */
const FREE: readonly string[] = ['buddy', 'free_buddy', 'free_pcp'];

/** The whole screen: at most `height` lines of at most `width` characters. */
export function screenOf(
  now: Sample,
  before: Sample | undefined,
  state: TopState,
  facts: TopFacts,
  { width, height }: { readonly width: number; readonly height: number },
): Line[] {
  const foot: Line = { text: padded(footOf(state), width) };
  const body = state.showsHelp
    ? helpLines()
    : bodyOf(now, before, state, facts, { width, height: height - 4 });
  const lines = [...headLines(now, state, facts), { text: '' }, ...body];
  const cut = lines
    .slice(0, Math.max(0, height - 1))
    .map((line) => ({ ...line, text: padded(line.text, width) }));
  while (cut.length < height - 1) cut.push({ text: '' });
  return height > 0 ? [...cut, foot] : [];
}

/** The lines at the top: what is watched, how much is free, and what a sample costs. */
export function headLines(
  now: Sample,
  state: Pick<TopState, 'interval' | 'isPaused'>,
  facts: TopFacts,
): Line[] {
  const free = FREE.reduce((sum, name) => sum + (now.uses.get(name) ?? 0), 0);
  const clock = now.time.toISOString().slice(11, 19);
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 995 ? 2 : 1)} s`;
  const part = Math.round((100 * now.cost) / Math.max(facts.interval, now.cost));
  const stretched =
    facts.interval > state.interval * 1.05
      ? `, not ${seconds(state.interval)}, since a sample may take ${Math.round(facts.share * 100)} % of the time`
      : ` (${part} %)`;
  const troubles = [
    ...(now.unread > 0 ? [`${now.unread} struct pages unreadable`] : []),
    ...(now.gaps.length > 0 ? [`${now.gaps.length} walks ended early`] : []),
  ];
  return [
    { text: `structpage top  ${printable(facts.source)}  ${printable(facts.release)}  ${clock} UTC` },
    {
      text: `${now.pages} pages, ${sizeOf(now.pages * facts.pageBytes)}, ${sizeOf(free * facts.pageBytes)} free${troubles.map((t) => `; ${t}`).join('')}`,
    },
    {
      text: `${state.isPaused ? 'PAUSED, ' : ''}a sample takes ${seconds(now.cost)} of every ${seconds(facts.interval)}${stretched}`,
    },
  ];
}

function bodyOf(
  now: Sample,
  before: Sample | undefined,
  { order, scroll }: TopState,
  { pageBytes }: TopFacts,
  { width, height }: { readonly width: number; readonly height: number },
): Line[] {
  const isWide = width >= WIDE;
  const half = isWide ? Math.floor((width - BETWEEN) / 2) : width;
  const list = (what: 'uses' | 'owners', title: string): Panel =>
    listPanel(title, rowsOf(now, before, what, order), { all: now.pages, pageBytes, width: half });
  const uses = list('uses', now.by.toUpperCase());
  const owners = list('owners', OWNER_TITLES[now.owner]);
  const zones = zonePanel(now.zones, width);
  const zoneRows = Math.max(1, Math.min(zones.rows.length, Math.floor(height / 4)));
  const lines: Line[] = [...linesOf(zones, zoneRows), { text: '' }];
  const rest = height - lines.length - 1;
  const scrolled = {
    ...owners,
    rows: owners.rows.slice(Math.min(scroll, Math.max(0, owners.rows.length - 1))),
  };
  if (isWide) {
    const left = linesOf(uses, rest - 1);
    const right = linesOf(scrolled, rest - 1);
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const text = padded(left[i]?.text ?? '', half) + ' '.repeat(BETWEEN) + (right[i]?.text ?? '');
      lines.push(i === 0 ? { text, isHead: true } : { text });
    }
    return lines;
  }
  const useRows = Math.max(1, Math.min(uses.rows.length, Math.floor((rest - 3) / 2)));
  lines.push(...linesOf(uses, useRows), { text: '' });
  lines.push(...linesOf(scrolled, Math.max(0, height - lines.length - 2)));
  return lines;
}

/** A panel as lines, with at most so many rows. */
function linesOf({ head, rows }: Panel, most: number): Line[] {
  return [{ text: head, isHead: true }, ...rows.slice(0, Math.max(0, most)).map((text) => ({ text }))];
}

function helpLines(): Line[] {
  return [
    { text: 'KEYS', isHead: true },
    ...KEYS.map(([keys, help]) => ({ text: `${keys.padEnd(10)}${help}` })),
    { text: '' },
    { text: 'RATE is the change in size since the sample before, a second.' },
    { text: 'O0 to O10 are free blocks of 2^0 to 2^10 pages.' },
  ];
}

function footOf({ by, owner, order, isPaused }: TopState): string {
  const pause = isPaused ? 'space go on' : 'space pause';
  return `q quit  ${pause}  h help  c ${by}  o ${OWNER_TITLES[owner].toLowerCase()}  s ${order}`;
}

/** A sample as text for logs: everything, without control sequences. The owners are cut to the largest `most`. */
export function batchText(
  now: Sample,
  before: Sample | undefined,
  state: Pick<TopState, 'interval' | 'order'>,
  facts: TopFacts,
  most: number,
): string {
  const width = BATCH_WIDTH;
  const { pageBytes } = facts;
  const list = (what: 'uses' | 'owners', title: string, rows: number): Line[] =>
    linesOf(
      listPanel(title, rowsOf(now, before, what, state.order), { all: now.pages, pageBytes, width }),
      rows,
    );
  const zones = zonePanel(now.zones, BATCH_WIDTH);
  const lines: Line[] = [
    ...headLines(now, { ...state, isPaused: false }, facts),
    { text: '' },
    ...linesOf(zones, zones.rows.length),
    { text: '' },
    ...list('uses', now.by.toUpperCase(), Number.POSITIVE_INFINITY),
    { text: '' },
    ...list('owners', OWNER_TITLES[now.owner], most),
  ];
  return `${lines.map(({ text }) => text.trimEnd()).join('\n')}\n`;
}

/** Enough for 11 orders of free blocks. */
const BATCH_WIDTH = 116;
