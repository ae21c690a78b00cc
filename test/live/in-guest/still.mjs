// Runs inside of a guest: plugs in what its virtio-mem device has, makes pages of every kind, and waits until the guest is stopped and
// ended from outside.
import { loadVirtioMem, result, startWorkload } from './common.mjs';

await loadVirtioMem();
const { kinds } = await startWorkload();
result('workload', kinds);
setInterval(() => {}, 1e8);
