import { hex } from '../core/address.ts';
import { LayoutError } from '../core/errors.ts';
import { Decoder } from '../decode/decode.ts';
import { pageTypeDecoder } from '../decode/page-type.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import { recordOffset } from '../layout/record.ts';
import { readZones } from '../memmap/zones.ts';
import type { Inspector } from './inspector.ts';

/** One check that a layout passed, for `layout check`. */
export interface PassedCheck {
  readonly check: string;
  readonly evidence: string;
}

/** Struct pages that are looked at together: those of one page of the array. */
const GROUP = 64;
const GROUPS = 32;
/** Share of the sample that must agree; holes and torn pages may differ. */
const MOST = 0.8;
const NEARLY_ALL = 0.98;

/**
 * Tries a layout on the memory. A wrong one is refused before the first row is printed.
 * Throws LayoutError that says which check failed on what evidence; returns the checks that passed.
 */
export function checkLayout(inspector: Inspector): PassedCheck[] {
  const passed: PassedCheck[] = [];
  checkVmcoreinfo(inspector, passed);
  checkZones(inspector, passed);
  checkText(inspector, passed);
  checkSample(inspector, passed);
  return passed;
}

function refuse(inspector: Inspector, member: string, evidence: string): never {
  throw new LayoutError(
    member,
    `the layout from ${inspector.layout.origin} is refuted by the memory: ${evidence}`,
    'It is of another kernel. Leave --layout away, or name the vmlinux of this very kernel',
  );
}

/** What VMCOREINFO and the layout both say must be the same. */
function checkVmcoreinfo(inspector: Inspector, passed: PassedCheck[]): void {
  const { layout } = inspector;
  const info = inspector.kernel.vmcoreinfo;
  if (!info) return;
  let agreed = 0;
  const same = (key: string, said: number | undefined, ours: number | undefined): void => {
    if (said === undefined || ours === undefined) return;
    if (said !== ours) refuse(inspector, key, `VMCOREINFO says ${key}=${said}, the layout says ${ours}`);
    agreed++;
  };
  const { offsets } = layout;
  const { architecture } = inspector.kernel;
  // VMCOREINFO counts in memory, the layout in records of it
  const place = (member: string, bytes: number): number | undefined => {
    const said = info.offset(member);
    return said === undefined ? undefined : recordOffset(said, bytes, architecture);
  };
  const { wordBytes } = architecture;
  same('SIZE(page)', info.size('page'), inspector.model.pageSize);
  same('OFFSET(page.flags)', place('page.flags', wordBytes), offsets.flags);
  same('OFFSET(page._refcount)', place('page._refcount', 4), offsets.refcount);
  same('OFFSET(page._mapcount)', place('page._mapcount', 4), offsets.mapcount);
  same('OFFSET(page.mapping)', place('page.mapping', wordBytes), offsets.mapping);
  same('OFFSET(page.lru)', place('page.lru', wordBytes), offsets.lru);
  same('OFFSET(page.private)', place('page.private', wordBytes), offsets.private);
  same('OFFSET(page.compound_head)', place('page.compound_head', wordBytes), offsets.compound);
  same('OFFSET(page.compound_info)', place('page.compound_info', wordBytes), offsets.compound);
  for (const flag of ['lru', 'private', 'swapcache', 'swapbacked', 'slab', 'hwpoison']) {
    const said = info.number(`PG_${flag}`);
    same(
      `NUMBER(PG_${flag})`,
      said === undefined ? undefined : Number(said),
      layout.flags.bits.get(flag) ?? -1,
    );
  }
  const head = info.number('PG_head_mask');
  same(
    'NUMBER(PG_head_mask)',
    head === undefined ? undefined : Number(head),
    2 ** (layout.flags.bits.get('head') ?? 0),
  );
  const types = pageTypeDecoder(layout);
  for (const type of ['buddy', 'slab', 'hugetlb', 'offline', 'unaccepted']) {
    const said = info.number(`PAGE_${type.toUpperCase()}_MAPCOUNT_VALUE`);
    if (said === undefined) continue;
    const found = types.names[types.decode(Number(BigInt.asIntN(32, said)))];
    if (found !== type) {
      refuse(
        inspector,
        `page type ${type}`,
        `VMCOREINFO says that ${said} is ${type}, the layout says ${found || 'no type'}`,
      );
    }
    agreed++;
  }
  passed.push({ check: 'VMCOREINFO', evidence: `${agreed} numbers agree` });
}

/**
 * The node and zone in `flags` must be those of the zone that spans the page. Struct pages of holes are reserved, and may be given
 * to the zone behind the hole instead (init_unavailable_range(), mm/mm_init.c), so those do not count against a layout.
 */
function checkZones(inspector: Inspector, passed: PassedCheck[]): void {
  const { kernel, types, layout, model } = inspector;
  const reserved = layout.flags.bits.get('reserved');
  const zones = readZones(kernel, types);
  let right = 0;
  let looked = 0;
  let first = '';
  for (const zone of zones) {
    const step = Math.max(1, Math.floor((zone.end - zone.start) / GROUPS));
    for (let pfn = zone.start; pfn < zone.end; pfn += step) {
      if (!model.present.some((r) => pfn >= r.start && pfn < r.end)) continue;
      // zones of different nodes may span one another
      const others = zones.filter((z) => z !== zone && pfn >= z.start && pfn < z.end);
      if (others.length > 0) continue;
      const raw = inspector.reader.read(pfn, 1);
      if (raw.readable === 0) continue;
      const [node, number] = nodeAndZone(layout, raw.bytes);
      const agrees = node === zone.node && number === zone.zone;
      if (!agrees && reserved !== undefined && (flagsOf(layout, raw.bytes) >> BigInt(reserved)) & 1n)
        continue;
      looked++;
      if (agrees) right++;
      else
        first ||= `pfn ${pfn} lies in node ${zone.node} zone ${zone.name ?? zone.zone}, its flags say node ${node} zone ${number}`;
    }
  }
  if (looked === 0) return;
  if (right < looked * MOST) {
    refuse(
      inspector,
      'page.flags',
      `only ${right} of ${looked} pages are in the zone that their flags name (${first})`,
    );
  }
  passed.push({
    check: 'zones',
    evidence: `${right} of ${looked} pages are in the zone that their flags name`,
  });
}

function flagsOf(layout: PageLayout, bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(layout.offsets.flags, true);
}

function nodeAndZone(layout: PageLayout, bytes: Uint8Array): [number, number] {
  const flags = flagsOf(layout, bytes);
  const field = ({ shift, width }: { shift: number; width: number }): number =>
    width === 0 ? 0 : Number((flags >> BigInt(shift)) & ((1n << BigInt(width)) - 1n));
  return [field(layout.fields.node), field(layout.fields.zone)];
}

/** The kernel's own text is reserved from the first moment on: one reference, never mapped as a page. */
function checkText(inspector: Inspector, passed: PassedCheck[]): void {
  const { kernel, layout } = inspector;
  const at = kernel.text === undefined ? undefined : kernel.space.walker.walk(kernel.text).physical;
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
  passed.push({ check: 'kernel text', evidence: `${counts.reserved} ${of} are reserved with one reference` });
}

/** Over pages from all of memory: refcounts are small, tails belong to heads. */
function checkSample(inspector: Inspector, passed: PassedCheck[]): void {
  const { layout, model, reader } = inspector;
  const headBit = layout.flags.bits.get('head');
  let pages = 0;
  let sane = 0;
  let tails = 0;
  let headed = 0;
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
        const outside = pfn >= start && pfn < start + GROUP ? raw : reader.read(Math.max(0, pfn), 1);
        const at = outside === raw ? (pfn - start) * layout.size : 0;
        if (outside.readable === 0) headed++;
        else {
          const flags = new DataView(outside.bytes.buffer, outside.bytes.byteOffset).getUint32(
            at + layout.offsets.flags,
            true,
          );
          if (headBit === undefined || (flags >>> headBit) & 1) headed++;
        }
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
  passed.push({
    check: 'sample',
    evidence: `${sane} of ${pages} refcounts are sane, ${headed} of ${tails} tails have a head`,
  });
}

function sampleStarts(present: readonly { start: number; end: number }[]): number[] {
  const total = present.reduce((sum, r) => sum + r.end - r.start, 0);
  const step = Math.max(GROUP, Math.floor(total / GROUPS / GROUP) * GROUP);
  const starts: number[] = [];
  for (const range of present)
    for (let pfn = range.start; pfn + GROUP <= range.end; pfn += step) starts.push(pfn);
  return starts;
}
