import { hasText, readUpTo } from '../core/bytes.ts';
import { UnsupportedError } from '../core/errors.ts';
import type { ImageFormat } from './image-format.ts';

interface Foreign {
  readonly magic: string;
  readonly at?: number;
  readonly what: string;
  readonly advice: string;
}

const DUMP_AGAIN = 'take the dump again with makedumpfile, LiME, AVML or QEMU dump-guest-memory';
const CONVERT = 'convert it to a raw image of memory first';
const NO_MEMORY = 'that is a disk, not memory';

/** All magics are within it. */
const HEAD = 1024;

/** Files that people have instead of memory dumps, or mistake for them, by their first bytes. */
const KNOWN: readonly Foreign[] = [
  {
    magic: 'QEVM',
    what: 'a QEMU migration stream',
    advice: 'use dump-guest-memory, or virsh dump --memory-only',
  },
  { magic: 'LibvirtQemudSave', what: 'a libvirt save file', advice: 'use virsh dump --memory-only' },
  {
    magic: 'LibvirtQemudPart',
    what: 'an unfinished libvirt save file',
    advice: 'use virsh dump --memory-only',
  },
  { magic: 'DISKDUMP', what: 'a diskdump file', advice: DUMP_AGAIN },
  { magic: '\xed\x23\x8f\x61\x73\x01\x19\xa8', what: 'an LKCD dump', advice: DUMP_AGAIN },
  { magic: 'PAGEDU64', what: 'a crash dump of Windows', advice: 'structpage reads dumps of Linux' },
  { magic: 'PAGEDUMP', what: 'a crash dump of Windows', advice: 'structpage reads dumps of Linux' },
  { magic: 'QFI\xfb', what: 'a qcow2 disk image', advice: NO_MEMORY },
  { magic: 'KDMV', what: 'a VMDK disk image', advice: NO_MEMORY },
  { magic: '<<< Oracle VM VirtualBox Disk', what: 'a VDI disk image', advice: NO_MEMORY },
  {
    magic: '\x7fVirtualBox SavedState V',
    what: 'a saved state of VirtualBox',
    advice: 'use VBoxManage debugvm dumpvmcore',
  },
  { magic: 'PK\x03\x04', what: 'a ZIP archive', advice: 'unpack it first' },
  { magic: '7z\xbc\xaf\x27\x1c', what: 'a 7-Zip archive', advice: 'unpack it first' },
  { magic: 'ustar', at: 257, what: 'a tar archive', advice: 'unpack it first' },
  { magic: '\x04\x22\x4d\x18', what: 'an LZ4-compressed file', advice: 'decompress it with lz4 -d' },
  { magic: '\x89LZO\0\r\n', what: 'an lzop-compressed file', advice: 'decompress it with lzop -d' },
  { magic: 'EVF\x09\x0d\x0a\xff\0', what: 'an EnCase image', advice: CONVERT },
  {
    magic: 'HdrS',
    at: 0x202,
    what: 'a kernel image (vmlinuz)',
    advice: 'name a dump of its memory; the kernel that a dump is of goes to --layout',
  },
  { magic: '\xfe\xed\xfa', what: 'a Mach-O file', advice: 'structpage reads dumps of Linux' },
];

/**
 * Recognises files that cannot be read, so that they are not taken for raw memory. Opening them throws UnsupportedError.
 */
export const foreign: ImageFormat = {
  name: 'foreign',

  probe(source) {
    return find(readUpTo(source, 0, HEAD)) !== undefined;
  },

  open(source) {
    const { what, advice } = find(readUpTo(source, 0, HEAD))!;
    throw new UnsupportedError(`${source.name}: ${what}`, advice);
  },
};

function find(head: Uint8Array): Foreign | undefined {
  return KNOWN.find(({ magic, at }) => hasText(head, magic, at ?? 0));
}
