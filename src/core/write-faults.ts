import { OutputError } from './errors.ts';

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is exceeded',
  EFBIG: 'the file size limit is exceeded',
  EIO: 'input/output error',
  ENOENT: 'no such directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENXIO: 'no such device, or no process listens',
  EISDIR: 'is a directory',
  ENOTDIR: 'part of the path is not a directory',
  EEXIST: 'part of the path is a file',
  ESTALE: 'the file server no longer has it',
  ENOTCONN: 'its file system is not connected',
  EHOSTDOWN: 'its file server is down',
  ETIMEDOUT: 'its file server does not answer',
};

/** Explains the error of a system call as a sentence about the file; returns other errors unchanged. */
export function explained(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const why = WHY[code ?? ''];
  return why === undefined ? error : new OutputError(`cannot write ${path}: ${why}`);
}
