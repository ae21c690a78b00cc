import { LayoutError } from '../core/errors.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { PageReader } from '../memmap/page-reader.ts';

/** Number of pages of kernel text in the sample. */
const PAGES = 64;
/** LAST__PID_SHIFT: the field has at least the bits of a pid (include/linux/page-flags-layout.h). */
const LEAST = 8;
/** KASAN_TAG_WIDTH. */
const KASAN_TAG = 8;

/**
 * Determines the width of LAST_CPUPID, which is 8 + log2(NR_CPUS); the size of a CPU mask tells NR_CPUS only to a multiple
 * of 64. In pages that no task ever touched, such as those of the kernel's text, the field is all ones and the bits below
 * it are zero. Throws LayoutError if the types have no such field but the memory does.
 */
export function refineCpupid(layout: PageLayout, kernel: Kernel, reader: PageReader): PageLayout {
  const { lastCpupid, zone } = layout.fields;
  const at = kernel.text === undefined ? undefined : kernel.space.walker.walk(kernel.text).physical;
  if (at === undefined) return layout;
  const raw = reader.read(Math.floor(at / kernel.pageBytes), PAGES);
  if (raw.readable < PAGES) return layout;
  const view = new DataView(raw.bytes.buffer, raw.bytes.byteOffset);
  const votes = new Map<number, number>();
  for (let i = 0; i < PAGES; i++) {
    const width = onesBelow(view.getBigUint64(i * layout.size + layout.offsets.flags, true), zone.shift);
    votes.set(width, (votes.get(width) ?? 0) + 1);
  }
  const [width, pages] = [...votes].sort((a, b) => b[1] - a[1])[0]!;
  if (lastCpupid.width === 0) {
    // a KASAN tag is also all ones there
    if (width <= KASAN_TAG || pages < PAGES * 0.8) return layout;
    throw new LayoutError(
      'page.flags',
      `pages of kernel text have ${width} ones below the zone, where ${layout.origin} has no field (${lastCpupid.from})`,
      'The types are damaged, or of another kernel',
    );
  }
  const fits = width >= LEAST && zone.shift - width >= layout.flags.count;
  if (!fits || pages < PAGES * 0.8 || width === lastCpupid.width) return layout;
  const field = {
    shift: zone.shift - width,
    width,
    from: 'the field in pages of kernel text, where it was never set',
  };
  return { ...layout, fields: { ...layout.fields, lastCpupid: field } };
}

/** Number of consecutive set bits right below `shift`. */
export function onesBelow(word: bigint, shift: number): number {
  let width = 0;
  while (width < shift && (word >> BigInt(shift - 1 - width)) & 1n) width++;
  return width;
}
