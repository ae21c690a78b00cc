// Tells the C reference what structpage knows of a dump: offsets, bits, rules, and where in the file the pages are.
import { writeFileSync } from 'node:fs';
import { flagRules } from '../dist/decode/flag-names.js';
import { pageTypeDecoder } from '../dist/decode/page-type.js';
import { openMemory } from '../dist/index.js';
import { place, segmentsOf } from './elf.mjs';

/** Writes the job of a dump (an ELF core); `filter` is the name of a flag. Returns what is needed to compare answers. */
export async function writeJob(dump, path, filter) {
  const inspector = await openMemory(dump);
  const { layout, model, reader } = inspector;
  const { offsets, fields, flags } = layout;
  const types = pageTypeDecoder(layout);
  const rules = flagRules(layout, types.names);
  const bit = (name) => (flags.bits.has(name) ? 2 ** flags.bits.get(name) : 0);
  const segments = segmentsOf(dump);
  const extents = [];
  for (const { start, pfns, physical } of reader.survey().places) {
    for (let done = 0; done < pfns; ) {
      const { offset, length } = place(segments, physical + done * layout.size);
      const pages = Math.min(pfns - done, length / layout.size);
      extents.push([offset, start + done, pages]);
      done += pages;
    }
  }
  const zoneNames = Array.from({ length: 8 }, (_, i) => layout.zones[i] ?? String(i));
  const names = types.names.map((n) => n || '-');
  const lines = [
    `size ${layout.size}`,
    ...['flags', 'compound', 'mapcount', 'refcount', 'mapping', 'index'].map((n) => `${n} ${offsets[n]}`),
    `priv ${offsets.private}`,
    `slab_cache ${offsets.slabCache ?? 0}`,
    `head_mask ${bit('head')}`,
    `slab_mask ${bit('slab')}`,
    `order_byte ${layout.order.kind === 'byte' ? layout.order.offset : -1}`,
    `base ${BigInt.asIntN(64, model.base)}`,
    `typed_below ${types.typedBelow ?? -2147483648}`,
    `buddy ${types.code('buddy')}`,
    `slab ${types.slab}`,
    `hugetlb ${types.hugetlb}`,
    `huge_by ${{ dtor: 1, flag: 2, type: 0 }[layout.hugetlb.kind]}`,
    `huge_at ${layout.hugetlb.offset ?? layout.hugetlb.bit ?? 0}`,
    `huge_value ${layout.hugetlb.value ?? 0}`,
    `movable ${Number(layout.movableByMapping)}`,
    `mask_tails ${Number(layout.tailMayBeMask)}`,
    `by_byte ${types.byByte ? 1 : 0}`,
    ...['node', 'zone'].flatMap((n) => [`${n}_shift ${fields[n].shift}`, `${n}_width ${fields[n].width}`]),
    `flag_bits ${rules.bits}`,
    `tail_bits ${rules.tailBits}`,
    `reserved ${rules.names.indexOf('reserved')}`,
    `filter ${bit(filter)}`,
    `rules ${rules.rules.length}`,
    `rule: ${rules.rules.flatMap((r) => [r.bit, r.to, r.kinds, r.types, r.withBit, r.withoutBit, r.places]).join(' ')}`,
    `type_rules ${types.rules.length}`,
    `type: ${types.rules.flatMap((r) => [r.mask, r.value, r.code]).join(' ')}`,
    `bytes: ${[...(types.byByte ?? new Uint8Array(256))].join(' ')}`,
    `movables: ${Array.from({ length: 256 }, (_, i) => types.mayBeMovable[i] ?? 0).join(' ')}`,
    `names ${names.length}`,
    `name: ${names.join(' ')}`,
    `zone_names ${zoneNames.length}`,
    `zone: ${zoneNames.join(' ')}`,
    `extents ${extents.length}`,
    `extent: ${extents.map((e) => e.join(' ')).join('\n')}`,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  const summary = expected(inspector.summary(), layout, types, rules);
  const pages = inspector.presentPages;
  inspector.close();
  return { pages, summary };
}

const KINDS = ['none', 'anon', 'ksm', 'movable', 'file'];

/** What `reference summary` has to print for a summary of ours, sorted. */
function expected(summary, layout, types, rules) {
  const lines = [];
  for (const [name, n] of summary.types) {
    const special = { reserved: 510, other: 511 }[name];
    const code = special ?? (types.names.includes(name) ? types.code(name) : 256 + KINDS.indexOf(name));
    lines.push(`class ${code} ${n}`);
  }
  for (const [name, n] of summary.flags) lines.push(`bit ${rules.names.indexOf(name)} ${n}`);
  for (const [order, n] of summary.folios.entries()) if (n) lines.push(`folio ${order} ${n}`);
  for (const zone of summary.zones.values()) {
    const index = zone.node * 2 ** layout.fields.zone.width + layout.zones.indexOf(zone.zone);
    lines.push(`zone ${index} 0 ${zone.pages}`);
    for (const [order, n] of zone.freeBlocks.entries()) {
      if (n) lines.push(`zone ${index} ${order + 1} ${Math.round(n * 2 ** order)}`);
    }
  }
  for (const n of summary.slabCaches.values()) lines.push(`cache ${n}`);
  return lines.sort();
}
