// Runs inside of a guest: all pages by /proc/kcore beside the kernel's own answers, while nothing else runs and while memory
// is taken and given back.
import { readFileSync } from 'node:fs';
import { result, startWorkload } from './common.mjs';
import * as structpage from './dist/index.js';

const sleeping = await startWorkload();
result('workload', sleeping.kinds);
const inspector = await structpage.openLive({ method: 'kcore' });
result('opened', {
  format: inspector.image.format,
  release: inspector.kernel.release,
  pages: inspector.presentPages,
  nodes: new Set(readFileSync('/proc/zoneinfo', 'latin1').match(/^Node \d+/gm)).size,
  kernelOffset: inspector.kernel.kernelOffset?.value,
  levels: inspector.kernel.space.walker.tables.mode.name,
  segments: inspector.image.virtual.segments.length,
  warnings: inspector.warnings,
});
const verify = (name) => {
  const counts = structpage.noCounts();
  const start = performance.now();
  const outcome = structpage.verifyLive(inspector, false, counts);
  result(name, { ...outcome, counts, ms: Math.round(performance.now() - start) });
  return outcome;
};
// the first time our own code is compiled, which takes memory while it is read
verify('first');
for (const name of ['paused', 'paused-again', 'paused-still']) {
  const { equal, pages } = verify(name);
  if (equal === pages) break;
}
result('types', [...inspector.summary().types]);
if (!/structpage\.quick/.test(readFileSync('/proc/cmdline', 'latin1'))) {
  const busy = await startWorkload('busy');
  verify('busy');
  verify('busier');
  busy.stop();
}
sleeping.stop();
inspector.close();
