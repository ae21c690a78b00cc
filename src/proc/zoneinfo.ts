import type { VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';
import { perCpuPages, type ZoneObject, zones } from '../objects/zones.ts';
import { Counters } from './counters.ts';
import { FormatStrings } from './format-strings.ts';

/** /proc/zoneinfo as the kernel prints it (mm/vmstat.c): its own format strings decide which lines there are. */
export function zoneinfoText(objects: Objects): string {
  const counters = new Counters(objects);
  const formats = new FormatStrings(objects);
  let text = '';
  let node = -1;
  for (const zone of zones(objects)) {
    text += `Node ${zone.node}, zone ${zone.name.padStart(8)}`;
    if (zone.present > 0 && zone.node !== node) {
      node = zone.node;
      text += '\n  per-node stats';
      const stats = objects.struct('pglist_data').at(zone.nodeAddress, 'vm_stat');
      for (let i = 0; i < counters.node.count; i++) {
        text += line(
          counters.names[counters.zone.count + counters.numa.count + i]!,
          counters.shown(i, counters.counter(stats, i)),
        );
      }
    }
    text += zoneText(counters, formats, zone);
  }
  return text;
}

function line(name: string, value: number): string {
  return `\n      ${name.padEnd(12)} ${value}`;
}

function zoneText(counters: Counters, formats: FormatStrings, zone: ZoneObject): string {
  const { objects } = counters;
  const { memory } = objects;
  const type = objects.struct('zone');
  const stats = type.at(zone.address, 'vm_stat');
  const { wordBytes } = memory.format;
  const boost = type.has('watermark_boost') ? type.number(zone.address, 'watermark_boost') : 0;
  const marks = type.at(zone.address, '_watermark');
  const mark = (name: string): number => {
    const index = objects.enumerator('zone_watermarks', name);
    return index === undefined ? 0 : Number(memory.word(marks + BigInt(index * wordBytes))) + boost;
  };
  const values: Record<string, number> = {
    'pages free': counters.counter(stats, counters.zone.names.get('NR_FREE_PAGES')!),
    boost,
    min: mark('WMARK_MIN'),
    low: mark('WMARK_LOW'),
    high: mark('WMARK_HIGH'),
    promo: mark('WMARK_PROMO'),
    spanned: zone.spanned,
    present: zone.present,
    managed: zone.managed,
    cma: type.has('cma_pages') ? type.number(zone.address, 'cma_pages') : 0,
  };
  let text = filled(formats.beginning('\n  pages free') ?? '\n  pages free     %lu', values);
  const reserve = type.place('lowmem_reserve');
  const protection = Array.from({ length: reserve.size / wordBytes }, (_, i) =>
    BigInt.asIntN(64, memory.word(zone.address + BigInt(reserve.offset + i * wordBytes))),
  );
  text += `\n        protection: (${protection.join(', ')})`;
  if (zone.present === 0) return `${text}\n`;
  for (let i = 0; i < counters.zone.count; i++) text += line(counters.names[i]!, counters.counter(stats, i));
  for (let i = 0; i < counters.numa.count; i++) {
    text += line(counters.names[counters.zone.count + i]!, counters.numaEvent(i, zone.address));
  }
  text += '\n  pagesets';
  for (const cpu of objects.perCpu.online) text += pagesetText(counters, formats, zone.address, cpu);
  const pgdat = objects.struct('pglist_data');
  const failures = pgdat.has('kswapd_failures') ? pgdat.number(zone.nodeAddress, 'kswapd_failures') : 0;
  text += filled(formats.beginning('\n  node_unreclaimable') ?? '', {
    node_unreclaimable: Number(failures >= MAX_RECLAIM_RETRIES),
    start_pfn: zone.startPfn,
    reserved_highatomic: type.has('nr_reserved_highatomic')
      ? type.number(zone.address, 'nr_reserved_highatomic')
      : 0,
    free_highatomic: type.has('nr_free_highatomic') ? type.number(zone.address, 'nr_free_highatomic') : 0,
  });
  return `${text}\n`;
}

/** mm/internal.h. */
const MAX_RECLAIM_RETRIES = 16;

function pagesetText(counters: Counters, formats: FormatStrings, zone: VirtAddr, cpu: number): string {
  const { objects } = counters;
  const pages = perCpuPages(objects, zone, cpu);
  const type = objects.struct('per_cpu_pages');
  const value = (name: string): number => (type.has(name) ? type.signed(pages, name) : 0);
  const text = filled(formats.beginning('\n    cpu: %i') ?? '', {
    cpu,
    count: value('count'),
    high: value('high'),
    batch: value('batch'),
    high_min: value('high_min'),
    high_max: value('high_max'),
  });
  return `${text}\n  vm stats threshold: ${threshold(objects, zone, cpu)}`;
}

function threshold(objects: Objects, zone: VirtAddr, cpu: number): number {
  const type = objects.struct('zone');
  const [member, struct] = type.has('per_cpu_zonestats')
    ? (['per_cpu_zonestats', 'per_cpu_zonestat'] as const)
    : (['pageset', 'per_cpu_pageset'] as const);
  const at = objects.perCpu.pointer(type.word(zone, member), cpu);
  return objects.struct(struct).signed(at, 'stat_threshold');
}

/** A format in which each number has a label before it on its line, with the values of these labels. */
function filled(format: string, values: Readonly<Record<string, number>>): string {
  return format.replace(
    /(\S[^\n%]*?)(:?)( +)%l?[uid]/g,
    (all, label: string, colon: string, space: string) => {
      const value = values[label];
      return value === undefined ? all : `${label}${colon}${space}${value}`;
    },
  );
}
