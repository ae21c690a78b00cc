// Runs inside of a guest: makes every kind of page that user space can, by system calls through koffi, says READY, and then
// sleeps; with the argument `busy` it goes on to take and give back memory.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const koffi = createRequire(import.meta.url)('koffi');
const libc = koffi.load(null);
const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
const munmap = libc.func('int munmap(void *, size_t)');
const madvise = libc.func('int madvise(void *, size_t, int)');
const mlock = libc.func('int mlock(void *, size_t)');
const memset = libc.func('void *memset(void *, int, size_t)');
const ftruncate = libc.func('int ftruncate(int, int64_t)');
const mount = libc.func('int mount(const char *, const char *, const char *, unsigned long, const char *)');
const syscall = libc.func('long syscall(long, ...)');

const MIB = 2 ** 20;
const PAGE = 4096;
const FAILED = 0xffffffffffffffffn;
const RW = 3;
const SHARED = 1;
const ANONYMOUS = 0x22;
const HUGETLB = 0x40000;
const ADVICE = {
  dontneed: 4,
  free: 8,
  mergeable: 12,
  hugepage: 14,
  nohugepage: 15,
  pageout: 21,
  poison: 100,
};

const put = (path, text) => {
  try {
    writeFileSync(path, text);
  } catch {
    // not every kernel has every knob
  }
};
const map = (length, flags = ANONYMOUS, fd = -1) => {
  const address = mmap(null, length, RW, flags, fd, 0);
  return address === null || address === FAILED ? undefined : address;
};
/** Memory aligned to 2 MiB. */
const aligned = (length) => {
  const address = map(length + 2 * MIB);
  return address === undefined ? undefined : (address + 0x1fffffn) & ~0x1fffffn;
};
const made = {};
/** Fills memory of a kind, if there is any, with its own byte on each page. */
const fill = (kind, address, length, advice) => {
  if (address === undefined) return undefined;
  if (advice !== undefined) madvise(address, length, advice);
  memset(address, Object.keys(made).length + 1, length);
  made[kind] = length / PAGE;
  return address;
};
const shared = (kind, fd, length) => {
  if (fd < 0 || ftruncate(fd, length) !== 0) return undefined;
  return fill(kind, map(length, SHARED, fd), length);
};

put('/proc/sys/vm/nr_hugepages', '6');
fill('hugetlb', map(8 * MIB, ANONYMOUS | HUGETLB), 8 * MIB);
put('/sys/kernel/mm/transparent_hugepage/enabled', 'madvise');
const thp = fill('thp', aligned(8 * MIB), 8 * MIB, ADVICE.hugepage);
if (thp !== undefined) munmap(thp + BigInt(6 * MIB), 256 * 1024);
put('/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled', 'always');
fill('mthp', aligned(MIB), MIB);
put('/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled', 'never');
fill('anon', map(2 * MIB), 2 * MIB, ADVICE.nohugepage);
const lazy = fill('lazyfree', map(MIB), MIB, ADVICE.nohugepage);
madvise(lazy, MIB, ADVICE.free);
const same = map(MIB);
memset(same, 0x5a, MIB);
if (madvise(same, MIB, ADVICE.mergeable) === 0) {
  put('/sys/kernel/mm/ksm/pages_to_scan', '2000');
  put('/sys/kernel/mm/ksm/run', '1');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  put('/sys/kernel/mm/ksm/run', '0');
  made.ksm = MIB / PAGE;
}
for (const [folder, type, options] of [
  ['/tmp/shm', 'tmpfs', ''],
  ['/tmp/shmhuge', 'tmpfs', 'huge=always'],
  ['/tmp/ram', 'ramfs', ''],
]) {
  mkdirSync(folder, { recursive: true });
  if (mount(type, folder, type, 0, options) === 0)
    shared(folder.slice(5), openSync(`${folder}/file`, 'w+'), 2 * MIB);
}
for (let i = 0; i < 300; i++) writeFileSync(`/tmp/shm/many${i}`, 'x');
mlock(fill('mlock', map(MIB), MIB, ADVICE.nohugepage), MIB);
shared('memfd', syscall(319, 'str', 'memfd', 'int', 0), MIB);
shared('secretmem', syscall(447, 'int', 0), 16 * PAGE);
const swapped = fill('pageout', map(MIB), MIB, ADVICE.nohugepage);
madvise(swapped, MIB, ADVICE.pageout);
const holes = fill('holes', map(4 * MIB), 4 * MIB, ADVICE.nohugepage);
for (let at = 0; at < 4 * MIB; at += 2 * PAGE) madvise(holes + BigInt(at), PAGE, ADVICE.dontneed);
for (let i = 0; i < 48; i++) {
  const far = mmap(0x100000000000n + BigInt(i) * 2n ** 31n, PAGE, RW, ANONYMOUS | 0x4010, -1, 0);
  if (far !== null && far !== FAILED) memset(far, 1, PAGE);
}
if (process.argv.includes('poison')) madvise(fill('poison', map(2 * PAGE), 2 * PAGE), PAGE, ADVICE.poison);
const children = [1, 2].map(() => spawn('/bin/busybox', ['sleep', '100000'], { stdio: 'ignore' }));
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

process.stdout.write(`READY ${JSON.stringify(made)}\n`);
if (process.argv.includes('busy')) {
  for (let turn = 0; ; turn++) {
    const length = (1 + (turn % 7)) * MIB;
    const address = turn % 2 ? aligned(length) : map(length);
    madvise(address, length, turn % 2 ? ADVICE.hugepage : ADVICE.nohugepage);
    memset(address, turn & 255, length);
    writeFileSync(`/tmp/ram/turn${turn % 5}`, Buffer.alloc(64 * PAGE, turn));
    munmap(address, length);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
} else setInterval(() => {}, 1e8);
