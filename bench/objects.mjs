// What the kernel's objects tell: classes, slabs, counters and owners of pages, start to end.
import { spawnSync } from 'node:child_process';
import { inTurn } from './measure.mjs';
import { time } from './report.mjs';

/** Classes may cost so many plain summaries, and this many seconds of walks. */
const CLASSES = { summaries: 2.5, walks: 0.5 };
/** Seconds for the memory of all processes. */
const OWNERS = 1.5;
const MOST_MIB = 300;
const KMEM = ['slab', 'meminfo', 'fragmentation'];

/** Adds a row on the class of every page of a dump, beside a summary of it. */
export async function benchClasses({ report, ours, run, rounds, dump, where }) {
  const jobs = [['--group-by', 'class'], ['--no-classes']].map(
    (options) => () => run([...ours, 'summary', dump, ...options]),
  );
  const [classes, plain] = await inTurn(jobs, rounds);
  report.add(`class of every page, ${where}, start to end`, {
    ours: `${time(classes.seconds)}, ${classes.mib.toFixed(0)} MiB`,
    beside: `summary ${time(plain.seconds)}, ${plain.mib.toFixed(0)} MiB`,
    ratio: plain.seconds / classes.seconds,
    cpu: plain.cpu / classes.cpu,
    value: classes.seconds - CLASSES.summaries * plain.seconds,
    bar: { most: CLASSES.walks },
    text: `<= ${CLASSES.summaries} summaries + ${CLASSES.walks} s`,
  });
}

/** Adds rows on a dump that has the kernel's objects, and not only the page array. */
export async function benchObjects({ report, ours, run, rounds, dump, where }) {
  await benchClasses({ report, ours, run, rounds, dump, where });
  // a usage error is 2
  const has = (command) =>
    spawnSync(ours[0], [...ours.slice(1), command, dump], { stdio: 'ignore' }).status !== 2;
  const commands = KMEM.filter(has);
  const all = () =>
    commands
      .map((command) => run([...ours, command, dump]))
      .reduce((sum, { seconds, cpu, mib }) => ({
        seconds: sum.seconds + seconds,
        cpu: sum.cpu + cpu,
        mib: Math.max(sum.mib, mib),
      }));
  const owners = () => run([...ours, 'owners', dump, '--by', 'process']);
  for (const [job, what, most] of [
    [commands.join(' + '), all, undefined],
    ['owners --by process', owners, OWNERS],
  ]) {
    const [{ seconds, mib }] = await inTurn([what], rounds);
    report.add(`${job}, ${where}, start to end`, {
      ours: `${time(seconds)}, ${mib.toFixed(0)} MiB`,
      value: seconds,
      ...(most === undefined ? {} : { bar: { most }, text: `<= ${most} s` }),
    });
    report.add(`memory of ${job}, ${where}`, {
      ours: `${mib.toFixed(0)} MiB`,
      value: mib,
      bar: { most: MOST_MIB },
      text: `< ${MOST_MIB} MiB`,
    });
  }
}
