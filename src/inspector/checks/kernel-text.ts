import { hex } from '../../core/address.ts';
import type { Inspector } from '../inspector.ts';
import { type Check, refuse } from './check.ts';

/** Number of struct pages examined together: those in one page of the array. */
const GROUP = 64;
/** Share of the sample that must agree; holes and torn pages may differ. */
const MOST = 0.8;

/** The text starts within the first large page of the image. */
const IMAGE_HEAD = 0x200000n;

export const kernelText: Check = { name: 'kernel text', run: checkText };

/** The kernel's own text is reserved from boot on: it has one reference and is never mapped as a page. */
function checkText(inspector: Inspector): string | undefined {
  const { kernel, layout } = inspector;
  const at = kernel.text === undefined ? undefined : kernel.space.walker.walk(kernel.text).physical;
  const start = kernel.imageStart;
  if (start !== undefined && kernel.text !== undefined) {
    const distance = kernel.text - start;
    if (distance < 0n || distance >= IMAGE_HEAD) {
      refuse(
        inspector,
        '_stext',
        `it is ${hex(kernel.text)}, and the kernel's image begins at ${hex(start)}`,
      );
    }
  }
  const reserved = layout.flags.bits.get('reserved');
  if (at === undefined || reserved === undefined) return;
  const raw = inspector.reader.read(Math.floor(at / kernel.pageBytes), GROUP);
  if (raw.readable < GROUP) return;
  const view = new DataView(raw.bytes.buffer, raw.bytes.byteOffset);
  const counts = { reserved: 0, refcount: 0, mapcount: 0 };
  for (let i = 0; i < GROUP; i++) {
    const page = i * layout.size;
    if ((view.getUint32(page + layout.offsets.flags, true) >>> reserved) & 1) counts.reserved++;
    if (view.getInt32(page + layout.offsets.refcount, true) === 1) counts.refcount++;
    if (view.getInt32(page + layout.offsets.mapcount, true) === -1) counts.mapcount++;
  }
  const of = `of ${GROUP} pages of kernel text at physical ${hex(at)}`;
  if (counts.reserved < GROUP * MOST) {
    refuse(
      inspector,
      'PG_reserved',
      `only ${counts.reserved} ${of} have bit ${reserved}, which it calls reserved`,
    );
  }
  if (counts.refcount < GROUP * MOST) {
    refuse(
      inspector,
      'page._refcount',
      `only ${counts.refcount} ${of} have a refcount of 1 at offset ${layout.offsets.refcount}`,
    );
  }
  if (counts.mapcount < GROUP * MOST) {
    refuse(
      inspector,
      'page._mapcount',
      `only ${counts.mapcount} ${of} have -1 at offset ${layout.offsets.mapcount}`,
    );
  }
  return `${counts.reserved} ${of} are reserved with one reference`;
}
