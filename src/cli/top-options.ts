import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Inspector,
  type Sample,
  type TopOwner,
  type TopUse,
  UnsupportedError,
  UsageError,
  whyNot,
} from '../index.ts';
import { type Outcome, reportGaps } from './open.ts';
import { say } from './output.ts';

/** Options of commands that take samples. */
export interface UseOptions {
  by?: TopUse;
  share: number;
}

const USES: readonly TopUse[] = ['class', 'type'];
export const OWNERS: readonly TopOwner[] = ['slab_cache', 'process', 'file', 'memcg', 'call_site'];
/** Up to this many pages are counted by class unless the user says otherwise: more take seconds. */
const CLASS_PAGES = 4 * 2 ** 20;
const SHARE = 25;

/** Adds the options that say what samples count. */
export function addUses(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--by <use>',
        'count pages by class or by type (default: class, and type above 16 GiB of 4 KiB pages, or where classes are not known)',
      ).choices(USES),
    )
    .option('--share <percent>', 'most of the time that samples may take', parsePercent, SHARE);
}

/** What samples of an image count. Throws UnsupportedError for what it cannot tell. */
export function usesOf(
  inspector: Inspector,
  owners: readonly string[],
  options: UseOptions,
): { readonly by: TopUse; readonly owners: readonly TopOwner[]; readonly share: number } {
  const known = owners.map((name) => {
    const owner = OWNERS.find((o) => o === name);
    if (owner === undefined)
      throw new UsageError(`there are no owners '${name}'; choose from ${OWNERS.join(', ')}`);
    return owner;
  });
  const usual =
    inspector.presentPages <= CLASS_PAGES && whyNot(inspector, 'class') === undefined ? 'class' : 'type';
  const by = options.by ?? usual;
  for (const [option, what] of [
    ['--by', by],
    ...known.map((owner) => ['--owners', owner] as const),
  ] as const) {
    const why = whyNot(inspector, what);
    if (why !== undefined) throw new UnsupportedError(`${option} ${what}`, why);
  }
  return { by, owners: [...new Set(known)], share: options.share / 100 };
}

/** Tells what a sample lacks, which is not a success. */
export function reportSample(inspector: Inspector, { unread }: Sample, outcome: Outcome): void {
  reportGaps(inspector, outcome);
  if (unread === 0) return;
  say(`${unread} struct pages could not be read and are not counted; 'structpage summary' tells why`);
  outcome.code = 3;
}

function parsePercent(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 1 || value > 100) {
    throw new InvalidArgumentError('Expected a percentage from 1 to 100.');
  }
  return value;
}
