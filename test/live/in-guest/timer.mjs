// Runs inside of a guest: a cron job takes snapshots of the machine into a folder. The files go to the console, since cloud kernels can share
// no folder with a host that has only QEMU.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { result } from './common.mjs';

const STORE = '/tmp/fleet';
const LOG = '/tmp/snapshot.log';
const DEADLINE = Date.now() + 600_000;

/** Snapshots of the whole machine, and of its counts, each minute. */
const line = (options) =>
  `* * * * * cd /structpage && node dist/cli/main.js snapshot --to ${STORE} --spool /tmp/spool ${options} >> ${LOG} 2>> ${LOG}.err; echo $? >> ${LOG}.code`;
mkdirSync('/tmp/crontabs');
// crond runs jobs of users that exist
mkdirSync('/etc', { recursive: true });
writeFileSync('/etc/passwd', 'root:x:0:0:root:/tmp:/bin/sh\n');
writeFileSync(
  '/proc/sys/kernel/hostname',
  `guest-${readFileSync('/proc/sys/kernel/osrelease', 'latin1').split('-')[0]}`,
);
writeFileSync('/tmp/crontabs/root', `${line('--role test --sample 1/16 --top 10')}\n`);
const crond = spawn('/bin/busybox', ['crond', '-f', '-c', '/tmp/crontabs'], { stdio: 'ignore' });

const lines = (path) => {
  try {
    return readFileSync(path, 'latin1').trim().split('\n').filter(Boolean);
  } catch {
    return [];
  }
};
while (lines(`${LOG}.code`).length < 2 && Date.now() < DEADLINE)
  await new Promise((resolve) => setTimeout(resolve, 1000));
crond.kill();
const said = lines(LOG).map((text) => JSON.parse(text));
result('said', { said, codes: lines(`${LOG}.code`), errors: lines(`${LOG}.err`) });
for (const path of readdirSync(STORE, { recursive: true })) {
  if (!path.endsWith('.parquet')) continue;
  result('file', { path, base64: readFileSync(join(STORE, path)).toString('base64') });
}
