import { intersect } from '../core/ranges.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import { listNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';
import { type ZoneObject, zones } from '../objects/zones.ts';
import { PROC_SYMBOLS, textsOf } from './counters.ts';
import { Pageblocks } from './pageblocks.ts';

/** The kernel stops counting free lists at this length. */
const MOST_COUNTED = 100000;

/** /proc/pagetypeinfo as the kernel prints it (mm/vmstat.c), without the counts of mixed blocks, which need page_owner. */
export function pagetypeinfoText(
  objects: Objects,
  {
    model,
    layout,
    reader,
  }: { readonly model: MemoryModel; readonly layout: PageLayout; readonly reader: PageReader },
): string {
  objects.kernel.symbols(PROC_SYMBOLS);
  const blocks = new Pageblocks(objects, model);
  const names = textsOf(objects, 'migratetype_names', blocks.types);
  const populated = [...zones(objects)].filter((z) => z.present > 0);
  const orders = objects.struct('zone').place('free_area').size / objects.struct('free_area').size;
  let text = `Page block order: ${blocks.order}\nPages per block:  ${2 ** blocks.order}\n\n`;
  text += `${'Free pages count per migrate type at order'.padEnd(43)} `;
  for (let order = 0; order < orders; order++) text += `${String(order).padStart(6)} `;
  text += '\n';
  for (const zone of populated) {
    for (const [type, name] of names.entries()) {
      text += `Node ${String(zone.node).padStart(4)}, zone ${zone.name.padStart(8)}, type ${name.padStart(12)} `;
      for (let order = 0; order < orders; order++) text += countText(objects, zone, order, type);
      text += '\n';
    }
  }
  text += `\n${'Number of blocks type '.padEnd(23)}${names.map((n) => `${n.padStart(12)} `).join('')}\n`;
  for (const zone of populated) {
    const counts = blockCounts({ model, layout, reader }, blocks, zone);
    text += `Node ${zone.node}, zone ${zone.name.padStart(8)} ${counts.map((n) => `${String(n).padStart(12)} `).join('')}\n`;
  }
  return text;
}

/** Blocks on the free list of one order and migratetype. */
export function* freeList(
  objects: Objects,
  zone: ZoneObject,
  order: number,
  type: number,
): Generator<bigint> {
  const area = objects.struct('free_area');
  const list = objects.struct('list_head').size;
  const at = objects.struct('zone').offset('free_area') + order * area.size + area.offset('free_list');
  yield* listNodes(objects.memory, zone.address + BigInt(at + type * list));
}

function countText(objects: Objects, zone: ZoneObject, order: number, type: number): string {
  let count = 0;
  for (const _ of freeList(objects, zone, order, type)) if (++count >= MOST_COUNTED) break;
  return `${count >= MOST_COUNTED ? '>' : ''}${String(count).padStart(6)} `;
}

/** Pageblocks of a zone by migratetype, without those in holes or other zones. */
export function blockCounts(
  {
    model,
    layout,
    reader,
  }: { readonly model: MemoryModel; readonly layout: PageLayout; readonly reader: PageReader },
  blocks: Pageblocks,
  zone: ZoneObject,
): number[] {
  const counts = Array.from({ length: blocks.types }, () => 0);
  const { shift, width } = layout.fields.zone;
  const end = zone.startPfn + zone.spanned;
  for (let pfn = zone.startPfn; pfn < end; pfn += 2 ** blocks.order) {
    if (intersect(model.online, [{ start: pfn, end: pfn + 1 }]).length === 0) continue;
    const raw = reader.read(pfn, 1);
    if (raw.states[0] !== 0) continue;
    const view = new DataView(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.length);
    const flags = view.getBigUint64(layout.offsets.flags, true);
    if (Number((flags >> BigInt(shift)) & ((1n << BigInt(width)) - 1n)) !== zone.index) continue;
    const type = blocks.migratetype(pfn);
    if (type !== undefined && type < counts.length) counts[type]!++;
  }
  return counts;
}
