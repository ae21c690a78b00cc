import { openLibc } from './libc.ts';

/** _LINUX_CAPABILITY_VERSION_3 (include/uapi/linux/capability.h). */
const VERSION_3 = 0x20080522;
const PR_SET_NO_NEW_PRIVS = 38;
/** CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER: a result may replace a file of the user who called sudo. */
const KEPT = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 3);

/**
 * Drops the privileges that only opening the memory needed, for this thread and those that it starts: every capability
 * except those over files, and the means to regain them. Returns whether that was possible; it is not where koffi does not
 * work.
 */
export function dropPrivileges(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const libc = openLibc();
    const prctl = libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)');
    const capget = libc.func('int capget(void *, _Out_ void *)');
    const capset = libc.func('int capset(void *, void *)');
    const header = Uint32Array.of(VERSION_3, 0);
    // effective, permitted, inheritable; then the same for capabilities from 32 on
    const held = new Uint32Array(6);
    if (capget(header, held) !== 0) return false;
    const kept = Uint32Array.of(held[0]! & KEPT, held[1]! & KEPT, 0, 0, 0, 0);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0 && capset(header, kept) === 0;
  } catch {
    return false;
  }
}
