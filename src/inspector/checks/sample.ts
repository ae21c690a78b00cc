import type { Pfn } from '../../core/address.ts';
import { viewOf } from '../../core/bytes.ts';
import { Decoder } from '../../decode/decode.ts';
import type { RawPages } from '../../memmap/page-reader.ts';
import type { Inspector } from '../inspector.ts';
import { type Check, refuse } from './check.ts';

/** Number of struct pages examined together: those in one page of the array. */
const GROUP = 64;
const GROUPS = 32;
/** Share of the sample that must agree; holes and torn pages may differ. */
const MOST = 0.8;
const NEARLY_ALL = 0.98;

export const sample: Check = { name: 'sample', run: checkSample };

/** A sample of all memory: reference counts are small, and tails have heads. */
function checkSample(inspector: Inspector): string | undefined {
  const { layout, model, reader } = inspector;
  const headBit = layout.flags.bits.get('head');
  let pages = 0;
  let sane = 0;
  let tails = 0;
  let headed = 0;
  let lastHead = Number.NaN;
  let isHead = false;
  const mayBeHead = (pfn: Pfn, near: RawPages): boolean => {
    const isNear = pfn >= near.start && pfn < near.start + near.count;
    const raw = isNear ? near : reader.read(Math.max(0, pfn), 1);
    if (raw.readable === 0) return true;
    const at = isNear ? (pfn - near.start) * layout.size : 0;
    const flags = viewOf(raw.bytes).getUint32(at + layout.offsets.flags, true);
    return headBit === undefined || ((flags >>> headBit) & 1) === 1;
  };
  const decoder = new Decoder(layout, reader, inspector.caches, ['head'], undefined, GROUP);
  for (const start of sampleStarts(model.present)) {
    const raw = reader.read(start, GROUP);
    if (raw.readable < GROUP) continue;
    const view = new DataView(raw.bytes.buffer, raw.bytes.byteOffset);
    const head = decoder.decode(raw).columns.get('head');
    for (let i = 0; i < GROUP; i++) {
      pages++;
      const count = view.getInt32(i * layout.size + layout.offsets.refcount, true);
      if (count >= 0 && count < 1 << 24) sane++;
      if (view.getUint32(i * layout.size + layout.offsets.compound, true) & 1) {
        tails++;
        const pfn = head?.kind === 'number' ? head.values[i]! : -1;
        // tails of a folio lie together
        if (pfn !== lastHead) isHead = mayBeHead(pfn, raw);
        lastHead = pfn;
        if (isHead) headed++;
      }
    }
  }
  if (pages === 0) return;
  if (sane < pages * NEARLY_ALL) {
    refuse(
      inspector,
      'page._refcount',
      `${pages - sane} of ${pages} pages have a refcount below 0 or above 16 million at offset ${layout.offsets.refcount}`,
    );
  }
  if (tails >= 16 && headed < tails * MOST) {
    refuse(
      inspector,
      'PG_head',
      `only ${headed} of ${tails} tails belong to a page with bit ${headBit}, which it calls head`,
    );
  }
  return `${sane} of ${pages} refcounts are sane, ${headed} of ${tails} tails have a head`;
}

function sampleStarts(present: readonly { start: number; end: number }[]): number[] {
  const total = present.reduce((sum, r) => sum + r.end - r.start, 0);
  const step = Math.max(GROUP, Math.floor(total / GROUPS / GROUP) * GROUP);
  const starts: number[] = [];
  for (const range of present)
    for (let pfn = range.start; pfn + GROUP <= range.end; pfn += step) starts.push(pfn);
  return starts;
}
