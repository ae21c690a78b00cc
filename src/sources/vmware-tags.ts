import { type ByteSource, cString, readUpTo, viewOf } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';

/** Limits of groups and tags: a real file has some hundreds, and the memory group comes early. */
const MAX_GROUPS = 4096;
const MAX_TAGS = 1 << 20;
const GROUP = 80;
/** Size values in a tag's flags which mean that the length follows: 8 bytes packed and 8 plain, then padding. */
const LONG = 62;
const LONG_PACKED = 63;

/** A value of a .vmss/.vmsn file: `name[index][index]`, in `value` if small, in the file if large. */
export interface VmwareTag {
  readonly name: string;
  readonly indices: readonly number[];
  readonly value: number | undefined;
  readonly offset: number;
  readonly size: number;
  readonly packed: boolean;
}

/** 0xbed2bed2 and related magics: the second lowest byte differs by version; 0 is 32-bit. */
export function isVmware(source: ByteSource): boolean {
  const bytes = readUpTo(source, 0, 12);
  if (bytes.length < 12) return false;
  const magic = viewOf(bytes).getUint32(0, true);
  return [0xbed0bed0, 0xbad1bad1, 0xbed2bed2, 0xbed3bed3].includes(magic);
}

/**
 * The tags of one group of a VMware snapshot (.vmsn) or suspend state (.vmss). VMware does not publish the format; this
 * follows what Volatility and others found. Throws FormatError.
 */
export function readVmwareGroup(source: ByteSource, wanted: string): VmwareTag[] {
  const head = viewOf(readUpTo(source, 0, 12));
  if (head.getUint32(0, true) === 0xbed0bed0) {
    throw new FormatError({
      file: source.name,
      offset: 0,
      expected: 'a VMware state file with 64-bit lengths',
      found: 'the 32-bit form of VMware before 2008',
    });
  }
  const count = head.getUint32(8, true);
  if (count > MAX_GROUPS) {
    throw new FormatError({
      file: source.name,
      offset: 8,
      expected: 'some hundred groups',
      found: `${count}`,
    });
  }
  const groups = readUpTo(source, 12, count * GROUP);
  for (let at = 0; at + GROUP <= groups.length; at += GROUP) {
    if (cString(groups.subarray(at, at + 64)) !== wanted) continue;
    return readTags(source, Number(viewOf(groups).getBigUint64(at + 64, true)));
  }
  throw new FormatError({
    file: source.name,
    offset: 12,
    expected: `a group called ${wanted}`,
    found: groups.length < count * GROUP ? 'a file that ends before it' : `${count} others`,
  });
}

function readTags(source: ByteSource, from: number): VmwareTag[] {
  const tags: VmwareTag[] = [];
  let at = from;
  while (tags.length < MAX_TAGS) {
    const bytes = readUpTo(source, at, 2 + 255 + 12 + 18);
    const flags = bytes[0];
    const nameLength = bytes[1];
    if (flags === undefined || nameLength === undefined || (flags === 0 && nameLength === 0)) return tags;
    const view = viewOf(bytes);
    const name = cString(bytes.subarray(2, 2 + nameLength));
    let p = 2 + nameLength;
    const indexCount = flags >> 6;
    if (p + indexCount * 4 > bytes.length) return tags;
    const indices = Array.from({ length: indexCount }, (_, i) => view.getUint32(p + i * 4, true));
    p += indexCount * 4;
    let size = flags & 63;
    const long = size === LONG || size === LONG_PACKED;
    const packed = size === LONG_PACKED;
    if (long) {
      if (p + 18 > bytes.length) return tags;
      const inFile = view.getBigUint64(p, true);
      if (inFile > 2n ** 52n) return tags;
      size = Number(inFile);
      p += 18 + view.getUint16(p + 16, true);
    }
    const there = !long && p + size <= bytes.length;
    const value = !there
      ? undefined
      : size === 4
        ? view.getUint32(p, true)
        : size === 1
          ? bytes[p]!
          : undefined;
    const wide = there && size === 8 ? Number(view.getBigUint64(p, true)) : undefined;
    tags.push({ name, indices, value: value ?? wide, offset: at + p, size, packed });
    at += p + size;
  }
  return tags;
}
