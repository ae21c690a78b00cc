import { openLibc } from './libc.ts';

// include/uapi/linux/fcntl.h and asm-generic/fcntl.h
const F_SETSIG = 10;
const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;
/** A signal that does nothing by default, for the case that somebody opens the file for writing at this very moment. */
const SIGURG = 23;

/**
 * Whether some process has the file of a descriptor open for writing, as QEMU has a guest's memory: the kernel then grants no lease for reading
 * (fcntl(2)). Undefined if that cannot be found out, as for files of other users.
 */
export function isWrittenElsewhere(fd: number): boolean | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const libc = openLibc();
    const fcntl = libc.func('int fcntl(int, int, int)');
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) === 0) {
      fcntl(fd, F_SETLEASE, F_UNLCK);
      return false;
    }
    return libc.errno() === 'EAGAIN' ? true : undefined;
  } catch {
    // where koffi does not work
    return undefined;
  }
}
