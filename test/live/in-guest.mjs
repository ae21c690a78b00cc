// Runs inside of a guest, on the built package. Prints one line for each result: RESULT <name> <JSON>.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, readSync } from 'node:fs';
import * as structpage from './dist/index.js';

const scenario = /structpage\.scenario=(\w+)/.exec(readFileSync('/proc/cmdline', 'latin1'))?.[1];
const result = (name, value) =>
  process.stdout.write(
    `RESULT ${name} ${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v))}\n`,
  );
/** For a pfn without a struct page. */
const UNSEEN = 2n ** 64n - 1n;
const attempt = async (run) => {
  try {
    return { value: await run() };
  } catch (error) {
    return { error: { name: error.name, message: error.message } };
  }
};

/** All pages by kcore beside the kernel's own /proc/kpageflags and kpagecount. */
async function kcore() {
  const inspector = await structpage.openLive({ method: 'kcore' });
  result('opened', {
    format: inspector.image.format,
    release: inspector.kernel.release,
    pages: inspector.presentPages,
    segments: inspector.image.virtual.segments.length,
    warnings: inspector.warnings,
    details: inspector.image.details,
  });
  // nothing is allocated between the readings if it can be helped: each allocation changes what is read
  const pages = inspector.model.present.at(-1).end;
  const words = () => new BigUint64Array(pages).fill(1n);
  const file = (name) => openSync(`/proc/${name}`, 'r');
  const files = { flags: file('kpageflags'), counts: file('kpagecount') };
  const read = (into) => {
    for (const [name, fd] of Object.entries(files)) {
      const bytes = new Uint8Array(into[name].buffer);
      for (let at = 0; at < bytes.length; ) {
        const got = readSync(fd, bytes, at, Math.min(bytes.length - at, 1 << 20), at);
        if (got === 0) break;
        at += got;
      }
    }
  };
  const before = { flags: words(), counts: words() };
  const after = { flags: words(), counts: words() };
  const ours = { flags: words(), counts: words() };
  ours.flags.fill(UNSEEN);
  const counts = structpage.noCounts();
  let best;
  for (let round = 0; round < 6; round++) {
    read(before);
    for (const { batch, rows } of inspector.selectSync({ columns: ['kpageflags', 'kpagecount'] }, counts)) {
      const { low, high } = batch.columns.get('kpageflags');
      const { values } = batch.columns.get('kpagecount');
      for (const i of rows) {
        ours.flags[batch.start + i] = (BigInt(high[i]) << 32n) | BigInt(low[i]);
        ours.counts[batch.start + i] = BigInt(values[i]);
      }
    }
    read(after);
    const outcome = compare(before, after, ours);
    result(`round-${round}`, outcome);
    if (!best || outcome.equal / outcome.settled > best.equal / best.settled) best = outcome;
    if (best.equal === best.settled) break;
  }
  result('verify', { ...best, counts });
  const summary = inspector.summary();
  result('types', [...(summary.types ?? [])].slice(0, 20));
  inspector.close();
}

/** Pages of which the kernel said the same before and after have not changed, unless there and back. */
function compare(before, after, ours) {
  const out = { pages: 0, settled: 0, equal: 0, live: 0, examples: [] };
  for (let pfn = 0; pfn < after.flags.length; pfn++) {
    if (ours.flags[pfn] === UNSEEN) continue;
    out.pages++;
    const equal = ours.flags[pfn] === after.flags[pfn] && ours.counts[pfn] === after.counts[pfn];
    if (equal) out.live++;
    if (before.flags[pfn] !== after.flags[pfn] || before.counts[pfn] !== after.counts[pfn]) continue;
    out.settled++;
    if (equal) out.equal++;
    else if (out.examples.length < 4)
      out.examples.push([pfn, ours.flags[pfn], after.flags[pfn], ours.counts[pfn], after.counts[pfn]]);
  }
  return out;
}

/** The device on a stock kernel, and every method's own sentence. */
async function refused() {
  for (const method of structpage.LIVE_METHODS.filter((m) => m !== 'kcore')) {
    const { value, error } = await attempt(() => structpage.openLive({ method }));
    value?.close();
    result(`refused-${method}`, error ?? { name: 'none', message: value.image.format });
  }
}

/** /dev/mem opened up from outside, beside kcore. */
async function opened() {
  const at = /^([0-9a-f]+) [Tt] devmem_is_allowed$/m.exec(readFileSync('/proc/kallsyms', 'latin1'))?.[1];
  result('patch-me', at ?? '');
  let mem;
  for (let i = 0; i < 60 && !mem; i++) {
    const { value, error } = await attempt(() => structpage.openLive({ method: 'mmap' }));
    mem = value;
    if (!mem && i === 59) result('never-opened', error);
    if (!mem) await new Promise((resolve) => setTimeout(resolve, 500));
  }
  if (!mem) return;
  result('mem', {
    format: mem.image.format,
    warnings: mem.warnings,
    from: mem.kernel.from,
    pages: mem.presentPages,
  });
  const kcore = await structpage.openLive({ method: 'kcore' });
  const pread = await structpage.openLive({ method: 'read' });
  for (const [name, other] of [
    ['mmap', mem],
    ['read', pread],
  ]) {
    const totals = { pages: 0, equal: 0, changed: 0, different: 0, states: {} };
    for (const range of kcore.model.present) {
      for (let at = range.start; at < range.end; at += 65536) {
        const count = Math.min(65536, range.end - at);
        const first = kcore.reader.read(at, count);
        const device = other.reader.read(at, count);
        const second = kcore.reader.read(at, count);
        const size = kcore.model.pageSize;
        for (let i = 0; i < count; i++) {
          totals.pages++;
          const state = structpage.PAGE_STATES[device.states[i]];
          totals.states[state] = (totals.states[state] ?? 0) + 1;
          const same = (a, b) =>
            Buffer.compare(
              a.bytes.subarray(i * size, i * size + size),
              b.bytes.subarray(i * size, i * size + size),
            ) === 0;
          if (same(first, device)) totals.equal++;
          else if (!same(first, second)) totals.changed++;
          else totals.different++;
        }
      }
    }
    result(`beside-kcore-${name}`, totals);
  }
  const where = {};
  for (const [name, address] of [
    ['mistake', 0x620000000000],
    ['apic', 0xfee00000],
    ['vga', 0xa0000],
    ['past the end', 0x10000000000],
    ['unaligned', 0x1000007],
  ]) {
    const bytes = new Uint8Array(8);
    where[name] = {
      got: mem.image.memory.readInto(address, bytes),
      run: mem.image.memory.runAt(address),
      page: (await attempt(() => structpage.locatePage(mem, `phys:0x${address.toString(16)}`))).error
        ?.message,
    };
  }
  result('addresses', where);
  mem.close();
  pread.close();
  kcore.close();
}

/** Readers that are killed while they read leave nothing behind: the machine goes on and the next one reads as well. */
async function kills() {
  const at = /^([0-9a-f]+) [Tt] devmem_is_allowed$/m.exec(readFileSync('/proc/kallsyms', 'latin1'))?.[1];
  result('patch-me', at ?? '');
  const code = `
    import { openLive } from './dist/index.js';
    for (;;) {
      try {
        const inspector = await openLive({ method: process.argv[1] });
        process.stdout.write('r');
        for (;;) inspector.summary();
      } catch (error) {
        if (error.code !== 'unsupported') throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }`;
  const one = (method, wait) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code, method], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), wait));
      child.on('close', (status, signal) => resolve(signal ?? `exit ${status}`));
    });
  const ends = {};
  const count = Number(/structpage\.kills=(\d+)/.exec(readFileSync('/proc/cmdline', 'latin1'))?.[1] ?? 10);
  for (let i = 0; i < count; i++) {
    const end = await one(i % 2 === 0 ? 'mmap' : 'kcore', Math.random() * 400);
    ends[end] = (ends[end] ?? 0) + 1;
  }
  result('kills', ends);
  const inspector = await structpage.openLive({ method: 'mmap' });
  const counts = structpage.noCounts();
  inspector.summary({}, counts);
  inspector.close();
  const log = execFileSync('dmesg', { encoding: 'latin1' });
  result('after-kills', { counts, oops: /BUG:|Oops|general protection|WARNING:/.exec(log)?.[0] ?? '' });
}

/** What this machine's pages are by its own kcore; then it waits, to be looked at from outside. */
async function outside() {
  const inspector = await structpage.openLive();
  const { types } = inspector.summary();
  inspector.close();
  result('inside', { types: [...types], pages: inspector.presentPages });
  await new Promise((resolve) => setTimeout(resolve, 20_000));
}

if (scenario && existsSync(`${scenario}.mjs`)) {
  const { error } = await attempt(() => import(`./${scenario}.mjs`));
  if (error) result('failed', { step: scenario, ...error });
}
const scenarios = { kcore: [kcore, refused], opened: [opened], kills: [kills], outside: [outside] };
if (scenario === 'kcore') result('doctor', structpage.doctor());
for (const run of scenarios[scenario] ?? []) {
  const { error } = await attempt(run);
  if (error) result('failed', { step: run.name, ...error });
}
