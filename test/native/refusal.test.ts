import { expect, test } from 'vitest';
import { explainRefusal, type Step } from '../../src/native/refusal.ts';

const ROOT = { root: true, rawIo: true, kcore: true, lockdown: 'none', strictDevmem: 'y' };
const USER = { ...ROOT, root: false, rawIo: false };

test.for<[string, Step, string, typeof ROOT, RegExp, RegExp]>([
  ['/dev/mem', 'open', 'ENOENT', ROOT, /CONFIG_DEVMEM/, /kcore/],
  ['/proc/kcore', 'open', 'ENOENT', ROOT, /CONFIG_PROC_KCORE/, /host/],
  ['/dev/crash', 'open', 'ENOENT', ROOT, /Red Hat/, /modprobe/],
  ['/proc/vmcore', 'open', 'ENOENT', ROOT, /not a crash kernel/, /panic/],
  ['/dev/mem', 'open', 'ENXIO', ROOT, /no driver/, /load/],
  ['/dev/mem', 'open', 'EACCES', USER, /only root/, /sudo/],
  ['/proc/kcore', 'open', 'EPERM', { ...ROOT, rawIo: false }, /CAP_SYS_RAWIO/, /container/],
  ['/dev/mem', 'open', 'EPERM', { ...ROOT, lockdown: 'integrity' }, /lockdown is on/, /\/proc\/kcore/],
  ['/dev/mem', 'open', 'EPERM', { ...ROOT, lockdown: 'confidentiality' }, /lockdown is on/, /lockdown=none/],
  ['/proc/kcore', 'open', 'EPERM', { ...ROOT, lockdown: 'confidentiality' }, /level confid/, /=none/],
  ['/dev/mem', 'open', 'ENOENT', { ...ROOT, kcore: false }, /CONFIG_DEVMEM/, /from outside/],
  ['/dev/mem', 'open', 'EACCES', ROOT, /security module/, /audit/],
  ['/dev/mem', 'read', 'EPERM', ROOT, /CONFIG_STRICT_DEVMEM:/, /\/proc\/kcore/],
  [
    '/dev/mem',
    'mmap',
    'EPERM',
    { ...ROOT, strictDevmem: undefined! },
    /judging by the refusal/,
    /\/proc\/kcore/,
  ],
  ['/dev/mem', 'mmap', 'EPERM', { ...ROOT, strictDevmem: 'n' }, /STRICT_DEVMEM=n/, /\/proc\/kcore/],
  ['/dev/mem', 'read', 'EFAULT', ROOT, /high_memory/, /System RAM/],
  ['/dev/mem', 'mmap', 'EINVAL', ROOT, /PAT/, /nopat/],
  ['/dev/mem', 'mmap', 'EAGAIN', ROOT, /PAT/, /--method read/],
  ['/dev/mem', 'mmap', 'ENOMEM', ROOT, /not enough address space/, /ulimit/],
  ['/dev/mem', 'read', 'EIO', ROOT, /broken/, /leave/],
  ['/dev/mem', 'zeros', '', ROOT, /below 1 MiB/, /mmap/],
  ['/dev/mem', 'nothing', '', ROOT, /no bytes/, /kcore/],
  ['/dev/mem', 'read', 'ESTALE', ROOT, /ESTALE/, /kcore/],
])('%s %s %s', ([path, step, code, host, why, remedy]) => {
  const refusal = explainRefusal(path, step, code, host);
  expect(refusal.why).toMatch(why);
  expect(refusal.remedy).toMatch(remedy);
});
