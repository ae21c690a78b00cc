import type { Objects } from '../objects/objects.ts';
import { Counters } from './counters.ts';
import { dirtyLimits } from './dirty-limits.ts';
import { FormatStrings } from './format-strings.ts';

/** A counter of /proc/vmstat. */
export interface VmstatLine {
  readonly name: string;
  readonly value: number;
}

/** /proc/vmstat, line by line (mm/vmstat.c). */
export function vmstat(objects: Objects): VmstatLine[] {
  const counters = new Counters(objects);
  const values: number[] = [];
  for (let i = 0; i < counters.zone.count; i++) values.push(counters.globals('vm_zone_stat', i));
  for (let i = 0; i < counters.numa.count; i++) values.push(counters.numaEvent(i));
  for (let i = 0; i < counters.node.count; i++) {
    values.push(counters.shown(i, counters.globals('vm_node_stat', i)));
  }
  const limits = dirtyLimits(counters);
  values.push(limits.threshold, limits.background);
  for (const name of ['nr_memmap_pages', 'nr_memmap_boot_pages']) {
    if (
      values.length <
      counters.zone.count + counters.numa.count + counters.node.count + counters.other.count
    ) {
      values.push(counters.globals(name, 0));
    }
  }
  for (let i = 0; i < counters.events.count; i++) {
    // blocks are counted in sectors and printed in KiB
    const inSectors = i === counters.events.names.get('PGPGIN') || i === counters.events.names.get('PGPGOUT');
    values.push(inSectors ? Math.floor(counters.event(i) / 2) : counters.event(i));
  }
  const lines = counters.names.map((name, i) => ({ name, value: values[i]! }));
  if (new FormatStrings(objects).contains('nr_unstable 0')) lines.push({ name: 'nr_unstable', value: 0 });
  return lines;
}

/** As the kernel prints it. */
export function vmstatText(objects: Objects): string {
  return vmstat(objects)
    .map(({ name, value }) => `${name} ${value}\n`)
    .join('');
}
