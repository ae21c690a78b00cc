import { readZones } from '../../memmap/zones.ts';
import type { Inspector } from '../inspector.ts';
import { type Check, refuse } from './check.ts';
import { flagsWord } from './flags-word.ts';

const SAMPLES = 32;
/** Share of the sample that must agree; holes and torn pages may differ. */
const MOST = 0.8;

export const zones: Check = { name: 'zones', run: checkZones };

/**
 * The node and zone in `flags` must be those of the zone that spans the page. Struct pages of holes are reserved and may
 * belong to the zone after the hole instead (init_unavailable_range(), mm/mm_init.c), so they do not count against a
 * layout.
 */
function checkZones(inspector: Inspector): string | undefined {
  const { kernel, types, layout, model } = inspector;
  const all = readZones(kernel, types);
  for (const { zone, name, node } of all) {
    const ours = layout.zones[zone];
    if (name !== undefined && ours !== undefined && name !== ours) {
      refuse(
        inspector,
        'enum zone_type',
        `zone ${zone} of node ${node} calls itself ${name}, the layout calls it ${ours}`,
      );
    }
  }
  let right = 0;
  let looked = 0;
  let first = '';
  for (const zone of all) {
    const step = Math.max(1, Math.floor((zone.end - zone.start) / SAMPLES));
    for (let pfn = zone.start; pfn < zone.end; pfn += step) {
      if (!model.present.some((r) => pfn >= r.start && pfn < r.end)) continue;
      // the spans of zones of different nodes may overlap
      const others = all.filter((z) => z !== zone && pfn >= z.start && pfn < z.end);
      if (others.length > 0) continue;
      const raw = inspector.reader.read(pfn, 1);
      if (raw.readable === 0) continue;
      const view = new DataView(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.byteLength);
      const { node, zone: number, reserved } = flagsWord(layout, view, 0);
      const agrees = node === zone.node && number === zone.zone;
      if (!agrees && reserved) continue;
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
  return `${right} of ${looked} pages are in the zone that their flags name`;
}
