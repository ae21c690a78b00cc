/** A machine of another architecture, as QEMU and Debian call it. */
export interface Machine {
  readonly name: string;
  /** qemu-system-... */
  readonly qemu: string;
  readonly args: readonly string[];
  /** The console on the kernel's command line. */
  readonly console: string;
  /** Debian's name of the architecture: the guest's programs are those of its packages. */
  readonly debian: string;
  /** Kernels that it boots, by their release. */
  readonly kernels: RegExp;
  /** For QEMU's -m. */
  readonly memory: string;
  readonly append?: string;
  readonly bigEndian?: true;
  /** Entries of its page tables that the processor takes for invalid are not read, so mappings are not compared. */
  readonly onlyPages?: true;
  readonly calls: SystemCalls;
}

/** Numbers of system calls (arch/.../syscall.tbl), in the order in which the guest's init takes them. */
interface SystemCalls {
  readonly numbers: readonly number[];
  /** mmap takes its arguments in registers, or by a pointer to them (s390x). */
  readonly mmap: 'registers' | 'struct';
}

// mount, mmap, madvise, mlock, mlockall, mprotect, reboot, read, swapon, finit_module
const GENERIC: SystemCalls = {
  numbers: [40, 222, 233, 228, 230, 226, 142, 63, 224, 273],
  mmap: 'registers',
};
const S390X: SystemCalls = { numbers: [21, 90, 219, 150, 152, 125, 88, 3, 87, 344], mmap: 'struct' };
const PPC64: SystemCalls = { numbers: [21, 90, 205, 150, 152, 125, 88, 3, 87, 353], mmap: 'registers' };

// mmap2, which takes its offset in pages
const I386: SystemCalls = { numbers: [21, 192, 219, 150, 152, 125, 88, 3, 87, 350], mmap: 'registers' };

/** By the names that tests have. */
export const MACHINES: readonly Machine[] = [
  {
    name: 'arm64',
    qemu: 'aarch64',
    args: ['-M', 'virt', '-cpu', 'max,pauth-impdef=on'],
    console: 'ttyAMA0',
    debian: 'arm64',
    kernels: /-arm64$/,
    memory: '512M',
    calls: GENERIC,
  },
  {
    name: 'arm64-16k',
    qemu: 'aarch64',
    args: ['-M', 'virt', '-cpu', 'max,pauth-impdef=on'],
    console: 'ttyAMA0',
    debian: 'arm64',
    kernels: /-arm64-16k$/,
    memory: '512M',
    calls: GENERIC,
  },
  {
    name: 'riscv64',
    qemu: 'riscv64',
    args: ['-M', 'virt', '-cpu', 'rv64'],
    console: 'ttyS0',
    debian: 'riscv64',
    kernels: /-riscv64$/,
    memory: '512M',
    calls: GENERIC,
  },
  {
    name: 'riscv64-sv39',
    qemu: 'riscv64',
    args: ['-M', 'virt', '-cpu', 'rv64'],
    console: 'ttyS0',
    debian: 'riscv64',
    kernels: /-riscv64$/,
    memory: '512M',
    append: 'no4lvl',
    calls: GENERIC,
  },
  {
    name: 's390x',
    qemu: 's390x',
    args: ['-M', 's390-ccw-virtio', '-cpu', 'max'],
    console: 'ttysclp0',
    debian: 's390x',
    kernels: /-s390x$/,
    memory: '512M',
    bigEndian: true,
    calls: S390X,
  },
  {
    name: 'ppc64le',
    qemu: 'ppc64',
    args: ['-M', 'pseries', '-cpu', 'POWER9'],
    console: 'hvc0',
    debian: 'ppc64el',
    kernels: /-powerpc64le(-64k)?$/,
    memory: '1G',
    calls: PPC64,
  },
  {
    name: 'ppc64le-hash',
    qemu: 'ppc64',
    args: ['-M', 'pseries', '-cpu', 'POWER8'],
    console: 'hvc0',
    debian: 'ppc64el',
    kernels: /-powerpc64le(-64k)?$/,
    memory: '1G',
    calls: PPC64,
  },
  {
    name: 'i386',
    qemu: 'i386',
    args: ['-M', 'pc', '-cpu', 'Nehalem'],
    console: 'ttyS0',
    debian: 'i386',
    kernels: /-686(-pae)?$/,
    memory: '384M',
    append: 'highmem=128M',
    onlyPages: true,
    calls: I386,
  },
];
