// One job, timed inside a fresh process after it has been done on a part: what the loops cost without start-up.
//   inside.mjs DIST DUMP summary|filter|gather FLAG
// Prints seconds, and seconds of processors.
import { pathToFileURL } from 'node:url';

const [dist, dump, what, filter] = process.argv.slice(2);
const { openMemory } = await import(`${pathToFileURL(dist).href}/index.js`);
const inspector = await openMemory(dump);
const work = (pfns) => {
  const range = pfns ? { pfns } : {};
  if (what === 'summary') return inspector.summary(range);
  let rows = 0;
  if (what === 'gather') {
    const columns = ['flags_raw', 'mapping', 'private', 'refcount', 'mapcount_raw'];
    for (const { batch } of inspector.selectSync({ columns, ...range })) rows += batch.count;
    return rows;
  }
  const scan = inspector.scan({ columns: ['pfn'], where: `flags has ${filter}`, ...range });
  for (const { count } of scan.run(inspector.ranges(range.pfns))) rows += count;
  return rows;
};
for (let i = 0; i < 3; i++) work([{ start: 0, end: 262144 }]);
const before = process.cpuUsage();
const start = process.hrtime.bigint();
work();
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const { user, system } = process.cpuUsage(before);
console.log(`${seconds} ${(user + system) / 1e6}`);
