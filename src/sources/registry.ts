import { avml } from './avml.ts';
import { bzip2 } from './bzip2.ts';
import { elf } from './elf.ts';
import { flattened } from './flattened.ts';
import { foreign } from './foreign.ts';
import { gzip } from './gzip.ts';
import { hibernation } from './hibernation.ts';
import type { ImageFormat } from './image-format.ts';
import { kdump } from './kdump/kdump.ts';
import { lime } from './lime.ts';
import { raw } from './raw.ts';
import { s390Dump } from './s390-dump.ts';
import { vmware } from './vmware.ts';
import type { Wrapper } from './wrapper.ts';
import { xz } from './xz.ts';
import { zstd } from './zstd.ts';

/** Every dump format, in the order in which they are tried. `raw` accepts anything, so it is last. */
export const FORMATS: readonly ImageFormat[] = [
  elf,
  kdump,
  lime,
  avml,
  vmware,
  hibernation,
  s390Dump,
  foreign,
  raw,
];

/** Every compression or rearrangement of a whole file. */
export const WRAPPERS: readonly Wrapper[] = [gzip, zstd, xz, bzip2, flattened];
