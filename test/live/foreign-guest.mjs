// Boots a kernel of any architecture under QEMU, stops it right after it was asked for /proc/kpageflags and /proc/kpagecount, and compares
// both with what structpage says of a dump of it:
//   node test/live/foreign-guest.mjs arm64|riscv64|s390x|ppc64le|ppc64le-hash KERNEL FOLDER [MEMORY [COMMAND-LINE]]
// Needs `npm run build`, QEMU and Go (for the init of the guest). The dump and the answers stay in FOLDER.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const MACHINES = {
  arm64: { qemu: 'aarch64', args: '-M virt -cpu max', console: 'ttyAMA0' },
  riscv64: { qemu: 'riscv64', args: '-M virt -cpu rv64', console: 'ttyS0' },
  s390x: { qemu: 's390x', args: '-M s390-ccw-virtio -cpu max', console: 'ttysclp0', big: true },
  ppc64le: { qemu: 'ppc64', args: '-M pseries -cpu POWER9', console: 'hvc0' },
  'ppc64le-hash': { qemu: 'ppc64', args: '-M pseries -cpu POWER8', console: 'hvc0' },
};
const [name, kernel, folder, memory = '512M', append = ''] = process.argv.slice(2);
const machine = MACHINES[name];
if (!machine || !folder) {
  console.error(
    `usage: foreign-guest.mjs ${Object.keys(MACHINES).join('|')} KERNEL FOLDER [MEMORY [COMMAND-LINE]]`,
  );
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const file = (what) => join(folder, what);
const here = fileURLToPath(new URL('.', import.meta.url));
execFileSync('go', ['build', '-o', file('init'), '-ldflags', '-s -w', join(here, 'foreign-init/main.go')], {
  env: { ...process.env, GO111MODULE: 'off', CGO_ENABLED: '0', GOOS: 'linux', GOARCH: name.split('-')[0] },
});

/** An initramfs (newc) with the init and a console. */
function initramfs(init) {
  const pad = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const entry = (path, mode, data, device = [0, 0]) => {
    const fields = [0, mode, 0, 0, 1, 0, data.length, 0, 0, ...device, path.length + 1, 0];
    const head = `070701${fields.map((n) => n.toString(16).padStart(8, '0')).join('')}${path}\0`;
    return [pad(Buffer.from(head)), pad(data)];
  };
  const none = Buffer.alloc(0);
  return Buffer.concat([
    ...entry('dev', 0o40755, none),
    ...entry('dev/console', 0o20600, none, [5, 1]),
    ...entry('init', 0o100755, init),
    ...entry('TRAILER!!!', 0, none),
  ]);
}

writeFileSync(file('initrd'), initramfs(readFileSync(file('init'))));
for (const old of ['qmp', 'vmcore', 'console']) rmSync(file(old), { force: true });
const qemu = spawn(
  `qemu-system-${machine.qemu}`,
  [
    ...machine.args.split(' '),
    ...['-accel', 'tcg,thread=single', '-smp', '1', '-m', memory, '-display', 'none', '-no-reboot'],
    ...['-serial', 'stdio', '-monitor', 'none', '-net', 'none', '-kernel', kernel, '-initrd', file('initrd')],
    ...['-append', `console=${machine.console} panic=-1 ${append}`],
    ...['-qmp', `unix:${file('qmp')},server=on,wait=off`],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const timer = setTimeout(() => qemu.kill('SIGKILL'), 600_000);
let text = '';
let ready = false;
let failure;
qemu.stdout.setEncoding('latin1').on('data', (part) => {
  appendFileSync(file('console'), part, 'latin1');
  text += part;
  if (ready || !/\nREADY/.test(text)) return;
  ready = true;
  dump().catch((error) => {
    failure = error;
    qemu.kill('SIGKILL');
  });
});

/** Stops the guest, dumps its memory, and lets it go on to print what its kernel had said. */
async function dump() {
  const socket = connect(file('qmp'));
  const waiting = [];
  let buffer = '';
  socket.setEncoding('utf8').on('data', (part) => {
    buffer += part;
    for (let end = buffer.indexOf('\n'); end >= 0; end = buffer.indexOf('\n')) {
      const answer = JSON.parse(buffer.slice(0, end));
      buffer = buffer.slice(end + 1);
      if (answer.return !== undefined || answer.error) waiting.shift()?.(answer);
    }
  });
  const ask = async (execute, args) => {
    const answer = await new Promise((resolve) => {
      waiting.push(resolve);
      socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    });
    if (answer.error) throw new Error(`${execute}: ${answer.error.desc}`);
  };
  await new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject));
  await ask('qmp_capabilities');
  await ask('stop');
  await ask('dump-guest-memory', { paging: false, protocol: `file:${file('vmcore')}` });
  await ask('cont');
  socket.end();
}

await new Promise((resolve) => qemu.on('close', resolve));
clearTimeout(timer);
if (failure) throw failure;
/** An answer of the kernel as little-endian words. */
const answer = (what) => {
  const lines = [...text.matchAll(new RegExp(`^DATA ${what} (\\S+)`, 'gm'))].map((match) => match[1]);
  if (lines.length === 0)
    throw new Error(`the guest printed no ${what}; ${file('console')} has what it said`);
  const bytes = gunzipSync(Buffer.from(lines.join(''), 'base64'));
  if (machine.big) bytes.swap64();
  writeFileSync(file(what), bytes);
  return new BigUint64Array(new Uint8Array(bytes).buffer);
};
const [flags, counts] = ['kpageflags', 'kpagecount'].map(answer);
const { openMemory } = await import(new URL('../../dist/index.js', import.meta.url).href);
const inspector = await openMemory(file('vmcore'));
let pages = 0;
let same = 0;
for (const { batch, rows } of inspector.selectSync({ columns: ['kpageflags', 'kpagecount'] })) {
  const { low, high } = batch.columns.get('kpageflags');
  const { values } = batch.columns.get('kpagecount');
  for (const row of rows) {
    const pfn = batch.start + row;
    const word = (BigInt(high[row]) << 32n) | BigInt(low[row]);
    pages++;
    if (word === flags[pfn] && BigInt(values[row]) === counts[pfn]) same++;
    else if (pages - same <= 10)
      console.log(`pfn ${pfn}: 0x${word.toString(16)}, its kernel says 0x${flags[pfn]?.toString(16)}`);
  }
}
console.log(
  `${inspector.kernel.release}, ${inspector.kernel.space.walker.tables.mode.name}: ${same} of ${pages} pages as their kernel says`,
);
inspector.close();
process.exitCode = same === pages ? 0 : 1;
