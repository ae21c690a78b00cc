import type { Objects } from '../objects/objects.ts';
import { type ZoneObject, zones } from '../objects/zones.ts';
import { PROC_SYMBOLS } from './counters.ts';

/** Free blocks of each order of a zone, as its free_area says. */
export function freeBlocks(objects: Objects, zone: ZoneObject): number[] {
  const type = objects.struct('zone');
  const area = objects.struct('free_area');
  const { offset, size } = type.place('free_area');
  return Array.from({ length: size / area.size }, (_, order) =>
    area.number(zone.address + BigInt(offset + order * area.size), 'nr_free'),
  );
}

/** /proc/buddyinfo as the kernel prints it (mm/vmstat.c). */
export function buddyinfoText(objects: Objects): string {
  objects.kernel.symbols(PROC_SYMBOLS);
  let text = '';
  for (const zone of zones(objects)) {
    if (zone.present === 0) continue;
    const blocks = freeBlocks(objects, zone).map((n) => `${String(n).padStart(6)} `);
    text += `Node ${zone.node}, zone ${zone.name.padStart(8)} ${blocks.join('')}\n`;
  }
  return text;
}
