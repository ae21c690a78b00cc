// What a snapshot of a host costs: processor time, memory, and bytes of its files.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inTurn } from './measure.mjs';

/** Seconds of a processor for 8 GiB in pages of 4 KiB, MiB, and bytes of a page. */
const MOST = { whole: 1, counts: 0.4, mib: 250, bytes: 8 };

/** Adds rows on snapshots of a dump of 2 M pages. */
export async function benchSnapshot({ report, ours, run, rounds, dump, where, pages, work }) {
  const [store, spool] = [join(work, 'store'), join(work, 'spool')];
  const args = [
    'snapshot',
    dump,
    '--host',
    'bench',
    '--time',
    '2026-11-21T00:00:00Z',
    '--to',
    store,
    '--spool',
    spool,
  ];
  const snapshot = (...options) => run([...ours, ...args, ...options]);
  const kinds = [
    ['snapshot', MOST.whole, () => snapshot()],
    ['snapshot --no-classes', MOST.whole, () => snapshot('--no-classes')],
    ['snapshot --only summary', MOST.counts, () => snapshot('--only', 'summary')],
    ['snapshot --only summary --classes', undefined, () => snapshot('--only', 'summary', '--classes')],
  ];
  const results = await inTurn(
    kinds.map(([, , job]) => job),
    rounds,
  );
  for (const [i, { cpu, mib }] of results.entries()) {
    const [name, most] = kinds[i];
    report.add(`${name}, ${where}`, {
      ours: `${(cpu * 1000).toFixed(0)} ms of CPU, ${mib.toFixed(0)} MiB`,
      value: most === undefined ? mib : Math.max(cpu / most, mib / MOST.mib),
      ...(most === undefined ? {} : { bar: { most: 1 }, text: `<= ${most} s of CPU, ${MOST.mib} MiB` }),
    });
  }
  spawnSync(ours[0], [...ours.slice(1), ...args], { stdio: 'ignore' });
  const files = readdirSync(store, { recursive: true }).filter((path) => path.endsWith('.parquet'));
  const bytes = files.reduce((sum, path) => sum + statSync(join(store, path)).size, 0);
  report.add(`files of a snapshot, ${where}`, {
    ours: `${bytes} bytes, ${(bytes / pages).toFixed(2)} a page`,
    value: bytes / pages,
    bar: { most: MOST.bytes },
    text: `<= ${MOST.bytes} bytes a page`,
  });
  for (const folder of [store, spool]) rmSync(folder, { recursive: true, force: true });
}
