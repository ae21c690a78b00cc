import { setPriority } from 'node:os';
import {
  dropPrivileges,
  type Inspector,
  LayoutCache,
  liveMethodOf,
  openGuest,
  openLive,
  openMemory,
  PAGE_STATES,
  type PageCounts,
  readTypes,
  type Selection,
  UsageError,
} from '../index.ts';
import { type ImageOptions, placesOf } from './options.ts';
import { Progress, say } from './output.ts';

/** The exit code of a command. */
export interface Outcome {
  /** 0: the output is complete; 3: something could not be read. */
  code: number;
}

/**
 * Opens the files of a dump, or this machine's memory if there are none, and closes it after `use`. Progress and warnings go to
 * standard error.
 */
export async function withImage(
  dumps: readonly string[],
  options: ImageOptions,
  use: (inspector: Inspector) => Promise<void> | void,
): Promise<void> {
  const progress = new Progress();
  const layout = options.layout === undefined ? undefined : await readTypes(options.layout);
  if (options.nice !== undefined) setPriority(options.nice);
  const [first] = dumps;
  const method = first === undefined ? options.method : liveMethodOf(first);
  if (first !== undefined && options.method !== undefined) {
    throw new UsageError(
      `--method applies to this machine's memory and cannot be combined with the dump ${first}`,
    );
  }
  if (method !== undefined && dumps.length > 1) {
    throw new UsageError(`${first} is this machine's memory and cannot be combined with dump files`);
  }
  if (options.qmp !== undefined && (first !== undefined || options.method !== undefined)) {
    throw new UsageError('--qmp cannot be combined with a dump or --method');
  }
  if (options.qmpStop && options.qmp === undefined) {
    throw new UsageError('--qmp-stop needs --qmp');
  }
  const common = {
    ...(layout ? { layout } : {}),
    ...(options.cache ? { cache: new LayoutCache() } : {}),
    ...(options.lowMemory === undefined ? {} : { lowMemory: options.lowMemory }),
    ...(options.at === undefined ? {} : { at: placesOf(dumps, options.at) }),
    ...(options.spoolLimit === undefined ? {} : { spoolLimit: options.spoolLimit }),
    progress: (what: string, done: number, total: number) => progress.update(what, done, total),
  };
  const inspector = options.qmp
    ? await openGuest(options.qmp, { ...common, stop: options.qmpStop === true })
    : first === undefined || method !== undefined
      ? await openLive({ ...common, ...(method === undefined ? {} : { method }) })
      : await openMemory(dumps, common);
  progress.done();
  if (inspector.image.isThisMachine) dropPrivileges();
  // a paused guest must resume, however this ends
  const closed = (): void => inspector.close();
  const interrupted = (): never => process.exit(130);
  if (options.qmpStop) {
    process.once('exit', closed);
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.once(signal, interrupted);
  }
  try {
    for (const warning of inspector.warnings) say(`warning: ${warning}`);
    await use(inspector);
    inspector.keepTypes();
  } finally {
    inspector.close();
  }
}

/** Like `withImage`, for several dumps, each of one or more files. They are open at the same time. */
export async function withImages(
  dumps: readonly (readonly string[])[],
  options: ImageOptions,
  use: (inspectors: readonly Inspector[]) => Promise<void>,
  opened: readonly Inspector[] = [],
): Promise<void> {
  const [next, ...rest] = dumps;
  if (!next) return use(opened);
  await withImage(next, options, (inspector) => withImages(rest, options, use, [...opened, inspector]));
}

/** Maximum number of reasons printed; the others are counted. */
const MOST_REASONS = 5;

/** Why struct pages could not be read, by state. */
export type UnreadFate = 'left out' | 'listed' | 'listed in part' | 'not counted' | 'not compared';

const LIST_THEM = "structpage dump --columns pfn,state --where 'state != ok' lists them";
const FATES: Record<UnreadFate, string> = {
  'left out': "are left out; select the column 'state' to list them",
  listed: 'are listed with their state and without values',
  'listed in part': 'are listed where they match, without values',
  'not counted': `are not counted; ${LIST_THEM}`,
  'not compared': `are not compared; ${LIST_THEM}`,
};

/** Warns of slab caches that may not exist, since an empty result could be taken for an answer. */
export function warnIfDoubtful(inspector: Inspector, selection: Selection): void {
  for (const [name, why] of inspector.doubtfulNames(selection)) {
    say(`this kernel may have no slab cache '${name}': its list of caches cannot be read (${why})`);
  }
}

/** How they appear in the rows of a selection. */
export function fateIn(inspector: Inspector, selection: Selection): UnreadFate {
  if (!inspector.listsUnread(selection)) return 'left out';
  return selection.where === undefined && selection.limit === undefined ? 'listed' : 'listed in part';
}

/**
 * Reports how many struct pages could not be read and why, and sets the exit code. `withGaps` also reports what could not be
 * determined about the purpose of pages.
 */
export function reportUnread(
  inspector: Inspector,
  counts: PageCounts,
  fate: UnreadFate,
  outcome: Outcome,
  withGaps = true,
): void {
  // pages that are not known to exist are not counted
  if (inspector.model.sections.lost.length > 0) outcome.code = 3;
  if (withGaps) reportGaps(inspector, outcome);
  for (const sentence of inspector.unknown) {
    say(sentence);
    outcome.code = 3;
  }
  const bad = PAGE_STATES.filter((s) => s !== 'ok' && s !== 'absent' && counts[s] > 0);
  if (bad.length === 0) return;
  const total = bad.reduce((sum, s) => sum + counts[s], 0);
  say(
    `${total} struct pages could not be read (${bad.map((s) => `${s} ${counts[s]}`).join(', ')}) and ${FATES[fate]}`,
  );
  const troubles = [...inspector.reader.troubles.values()].sort((a, b) => a.pfn - b.pfn);
  for (const { state, why, pfn } of troubles.slice(0, MOST_REASONS)) say(`${state} from pfn ${pfn}: ${why}`);
  if (troubles.length > MOST_REASONS) say(`... and ${troubles.length - MOST_REASONS} more reasons`);
  outcome.code = 3;
}

/** Reports what could not be determined about the purpose of pages, and sets the exit code. */
export function reportGaps(inspector: Inspector, outcome: Outcome): void {
  for (const { what, why } of inspector.gaps.slice(0, MOST_REASONS)) {
    say(`cannot follow the ${what} to the end, so some pages lack their class: ${why}`);
  }
  if (inspector.gaps.length > 0) outcome.code = 3;
}
