// structpage beside crash and drgn, where they are installed and a dump and its debuginfo are named.
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstRow, has, inTurn } from './measure.mjs';
import { time } from './report.mjs';

/** What crash's kmem -p prints of each page. */
const KMEM_COLUMNS = 'page,phys,mapping,index,refcount,flags';

/** Adds rows against crash and drgn. */
export async function comparePeers({ root, report, ours, run, fast, work, rounds }) {
  const vmlinux = process.env.STRUCTPAGE_BENCH_VMLINUX;
  const dump = process.env.STRUCTPAGE_BENCH_PEER_DUMP;
  const few = Math.min(5, rounds);
  const csv = (columns) => [...ours, 'export', dump, '--columns', columns, '-o', join(fast, 'ours.csv')];
  const part = (job, name, [a, b], bar) =>
    report.add(job, {
      ours: `${time(a.seconds)}, ${a.mib.toFixed(0)} MiB`,
      beside: `${name} ${time(b.seconds)}, ${b.mib.toFixed(0)} MiB`,
      ratio: a.seconds / b.seconds,
      bar,
    });
  if (dump && vmlinux && has('crash')) {
    const commands = join(work, 'commands');
    writeFileSync(commands, 'kmem -p\nquit\n');
    const all = ['sh', '-c', `crash -s ${vmlinux} ${dump} < ${commands} > ${join(fast, 'crash.txt')}`];
    const size = (statSync(dump).size / 2 ** 30).toFixed(1);
    part(
      `CSV of all pages, with the columns of kmem -p, against crash kmem -p > file, ${size} GiB dump`,
      'crash',
      await inTurn([() => run(csv(KMEM_COLUMNS)), () => run(all)], few),
      { most: 0.1 },
    );
    const first = ['sh', '-c', `exec crash -s ${vmlinux} ${dump} < ${commands}`];
    part(
      'start to first row against crash, the same dump',
      'crash',
      await inTurn([() => firstRow([...ours, 'dump', dump]), () => firstRow(first)], few),
      { most: 0.033 },
    );
  } else {
    report.notes.push(
      'crash was not run: it needs crash, STRUCTPAGE_BENCH_PEER_DUMP and STRUCTPAGE_BENCH_VMLINUX.',
    );
  }
  const python = (process.env.STRUCTPAGE_BENCH_PYTHON ?? 'python3').split(' ');
  const hasDrgn = spawnSync(python[0], [...python.slice(1), '-c', 'import drgn']).status === 0;
  if (dump && vmlinux && hasDrgn) {
    const drgn = [...python, join(root, 'bench/drgn-flags.py'), dump, vmlinux];
    part(
      'four words of each page as CSV against drgn printing them, the same dump',
      'drgn',
      await inTurn([() => run(csv('pfn,flags_raw,refcount,mapcount_raw')), () => run(drgn)], 1),
    );
  } else report.notes.push('drgn was not run: it needs python3-drgn and the same two.');
}
