import { UnsupportedError } from '../core/errors.ts';
import type { Host } from './host.ts';

/** The step that the kernel refused. */
export type Step = 'open' | 'mmap' | 'read' | 'zeros' | 'nothing';

/** Why this machine's memory cannot be read by a method, and the remedy; a sentence each. */
export interface Refusal {
  readonly why: string;
  readonly remedy: string;
}

/** Turns a refusal into an error: `what` is the reason, `needed` the remedy. */
export function refusalError({ why, remedy }: Refusal): UnsupportedError {
  const error = new UnsupportedError(why, remedy);
  error.message = `${why}. Remedy: ${remedy}`;
  return error;
}

type Facts = Pick<Host, 'root' | 'rawIo' | 'lockdown' | 'strictDevmem' | 'kcore'>;

/** The remedy if /dev/mem does not work. */
function otherWay(host: Facts): string {
  return host.kcore
    ? 'read /proc/kcore instead, which gives the same memory'
    : 'take a dump from outside the machine, by its hypervisor or by kdump';
}

/**
 * Explains a refusal of /dev/mem, /proc/kcore or /dev/crash. `code` is the name of the errno; the steps `zeros` and
 * `nothing` have none (drivers/char/mem.c, fs/proc/kcore.c, arch/x86/mm/init.c).
 */
export function explainRefusal(path: string, step: Step, code: string, host: Facts): Refusal {
  const elsewhere = otherWay(host);
  if (code === 'ENOENT' || code === 'ENXIO' || code === 'ENODEV') return absent(path, code, elsewhere);
  if (step === 'open' && (code === 'EACCES' || code === 'EPERM')) return closed(path, code, host, elsewhere);
  if (step === 'zeros') {
    return {
      why: `${path} gives zeros for RAM below 1 MiB: since 4.14 the kernel hides it from read(2)`,
      remedy: 'mmap shows it (--method mmap); no struct page is there',
    };
  }
  if (step === 'nothing') {
    return {
      why: `${path} returned no bytes: the address is beyond its end`,
      remedy: elsewhere,
    };
  }
  switch (code) {
    case 'EPERM':
      return {
        why:
          host.strictDevmem === 'n'
            ? `the kernel refuses RAM through ${path}, although it was built with CONFIG_STRICT_DEVMEM=n`
            : `the kernel was built with CONFIG_STRICT_DEVMEM${host.strictDevmem === 'y' ? '' : ' (judging by the refusal)'}: ${path} gives no RAM above 1 MiB, not even to root`,
        remedy: `${elsewhere}; no kernel command-line option changes this (iomem=relaxed affects device memory only)`,
      };
    case 'EFAULT':
      return {
        why: `${path} has nothing at this address: it is above the memory that the kernel maps (high_memory), or unmapped`,
        remedy: 'ask for an address within System RAM of /proc/iomem',
      };
    case 'EINVAL':
      return step === 'mmap'
        ? {
            why: `mmap of ${path} failed with EINVAL: the address exceeds the processor's physical address bits, or the memory-type check (PAT) forbids RAM`,
            remedy: `use --method read, or ${elsewhere}; on a kernel without CONFIG_STRICT_DEVMEM, booting with nopat lifts the check`,
          }
        : { why: `${path} refuses the address as invalid`, remedy: 'ask for a whole page of RAM' };
    case 'EAGAIN':
      return {
        why: `mmap of ${path} conflicts with the memory type (PAT) in which the kernel maps this range`,
        remedy: `use --method read, or ${elsewhere}`,
      };
    case 'EIO':
    case 'EHWPOISON':
      return { why: `the hardware reported this memory as broken (${code})`, remedy: 'leave this page out' };
    case 'ENOMEM':
      return {
        why: `not enough address space to map ${path}`,
        remedy: 'raise ulimit -v, or use --method read',
      };
    default:
      return {
        why: `${path} could not be ${step === 'open' ? 'opened' : 'read'} (${code})`,
        remedy: elsewhere,
      };
  }
}

function absent(path: string, code: string, elsewhere: string): Refusal {
  if (code !== 'ENOENT') {
    return { why: `${path} exists but has no driver (${code})`, remedy: 'load its driver' };
  }
  if (path.endsWith('kcore')) {
    return {
      why: `there is no ${path}: the kernel was built without CONFIG_PROC_KCORE, or this is a container that hides it`,
      remedy: 'run structpage on the host itself, with its /proc',
    };
  }
  if (path.endsWith('crash')) {
    return {
      why: `there is no ${path}: only Red Hat kernels and their derivatives have this driver, as a module`,
      remedy: 'modprobe crash, where the kernel has it',
    };
  }
  if (path.endsWith('vmcore')) {
    return {
      why: `there is no ${path}: this is not a crash kernel started by kdump`,
      remedy: 'it exists only in the kernel that kdump boots after a panic',
    };
  }
  return {
    why: `there is no ${path}: the kernel was built without CONFIG_DEVMEM, or this is a container without the device`,
    remedy: `create it on the host (mknod ${path} c 1 1), or ${elsewhere}`,
  };
}

function closed(path: string, code: string, host: Facts, elsewhere: string): Refusal {
  const locked = host.lockdown !== undefined && host.lockdown !== 'none';
  const level = path.endsWith('kcore') ? 'confidentiality' : 'integrity';
  if (code === 'EPERM' && host.rawIo && locked) {
    return {
      why: `kernel lockdown is on (${host.lockdown}): at level ${level} and above nobody may read ${path}`,
      remedy:
        host.lockdown === 'integrity' && host.kcore
          ? elsewhere
          : 'boot with lockdown=none, or disable Secure Boot if that turned it on; or take a dump from outside the machine',
    };
  }
  if (!host.root) {
    return { why: `only root may read ${path} (${code})`, remedy: 'run structpage with sudo' };
  }
  if (!host.rawIo) {
    return {
      why: `this process is root, but lacks CAP_SYS_RAWIO (${code}), as in a container`,
      remedy: 'run it on the host, or give the container CAP_SYS_RAWIO',
    };
  }
  return {
    why: `${path} cannot be opened (${code}) even by root with CAP_SYS_RAWIO: a security module forbids it`,
    remedy: 'see the audit log of the security module (SELinux, AppArmor)',
  };
}
