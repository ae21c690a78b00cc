// Runs inside of a guest: makes pages of every kind and waits until the guest is stopped and ended from outside.
import { result, startWorkload } from './common.mjs';

const { kinds } = await startWorkload();
result('workload', kinds);
setInterval(() => {}, 1e8);
