// Runs inside of a guest whose /dev/mem is opened up from outside: it must give the bytes of /proc/kcore, and must be asked for
// nothing but RAM.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cli, oops, result, startWorkload } from './common.mjs';
import * as structpage from './dist/index.js';

const workload = await startWorkload();
await opened();
const kcore = await structpage.openLive({ method: 'kcore' });
// a stand-in for Red Hat's driver, which also gives physical memory at its own address
execFileSync('/bin/busybox', ['mknod', '/dev/crash', 'c', '1', '1']);
const devices = { mmap: undefined, read: undefined, crash: undefined };
for (const method of Object.keys(devices)) {
  const device = await structpage.openLive({ method });
  devices[method] = device;
  const { format } = device.image;
  result(`mem-${method}`, { format, warnings: device.warnings, pages: device.presentPages });
  beside(method, device);
}
result('verify', structpage.verifyLive(devices.mmap));

const where = {};
for (const [name, address] of [
  ['mistake', 0x620000000000],
  ['apic', 0xfee00000],
  ['vga', 0xa0000],
  ['past-the-end', 0x10000000000],
  ['unaligned', 0x1000007],
]) {
  const { memory } = devices.mmap.image;
  where[name] = { got: memory.readInto(address, new Uint8Array(8)), run: memory.runAt(address) };
}
result('addresses', where);
for (const device of [kcore, ...Object.values(devices)]) device.close();

const run = (name, ...args) => result(name, cli([...args, '--method', 'mmap']));
result('doctor', cli(['doctor']));
run('mistake', 'page', 'phys:0x620000000000');
run('mistake-translated', 'translate', '0x620000000000');
run('apic', 'page', 'phys:0xfee00000');
run('dump', 'dump', '--limit', '5');
result('oops', oops());
workload.stop();

/** Tells outside what to write over, and waits until it is done. */
async function opened() {
  const at = /^([0-9a-f]+) [Tt] devmem_is_allowed$/m.exec(readFileSync('/proc/kallsyms', 'latin1'))?.[1];
  result('patch-me', at ?? '');
  for (let i = 0; i < 60; i++) {
    try {
      (await structpage.openLive({ method: 'read' })).close();
      return;
    } catch (error) {
      if (i === 59) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** A page may have changed there and back between two readings: only what differs every time is an error. */
function staysDifferent(device, pfn) {
  for (let i = 0; i < 5; i++) {
    const [first, other, second] = [kcore, device, kcore].map((way) =>
      Buffer.from(way.reader.read(pfn, 1).bytes),
    );
    if (first.equals(other) || !first.equals(second)) return false;
  }
  return true;
}

/** Each struct page by the device between two readings by kcore: where those agree, it must be the same. */
function beside(method, device) {
  const totals = { pages: 0, equal: 0, changed: 0, different: 0, states: {} };
  const size = kcore.model.pageSize;
  for (const range of kcore.model.present) {
    for (let at = range.start; at < range.end; at += 16384) {
      const count = Math.min(16384, range.end - at);
      const first = kcore.reader.read(at, count).bytes;
      const { bytes, states } = device.reader.read(at, count);
      const second = kcore.reader.read(at, count).bytes;
      for (let i = 0; i < count; i++) {
        totals.pages++;
        const state = structpage.PAGE_STATES[states[i]];
        totals.states[state] = (totals.states[state] ?? 0) + 1;
        const of = (all) => all.subarray(i * size, i * size + size);
        if (Buffer.compare(of(first), of(bytes)) === 0) totals.equal++;
        else if (Buffer.compare(of(first), of(second)) !== 0 || !staysDifferent(device, at + i))
          totals.changed++;
        else totals.different++;
      }
    }
  }
  result(`beside-kcore-${method}`, totals);
}
