// One job, timed inside a fresh process after it has been done once on a part: what the loops cost without start-up.
import { openMemory } from '../dist/index.js';

const [dump, what, , filter] = process.argv.slice(2);
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
const start = process.hrtime.bigint();
work();
console.log(Number(process.hrtime.bigint() - start) / 1e9);
