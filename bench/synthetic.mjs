// Makes a dump of a machine with more memory out of a real capture: the page tables and mem_section are extended, and the new
// part of the page array is copies of the old one's sections of its largest zone. Pointers from a section to struct pages of its own
// (heads of tails, lists) are moved along, so that every copy is as real as the first one.
import { copyFileSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { openMemory } from '../dist/index.js';
import { readZones } from '../dist/memmap/zones.js';
import { appendSegment, place, segmentsOf } from './elf.mjs';

const SECTION_PAGES = 32768;
const LEAF = 2 * 1024 * 1024;
const GIB = 1024 ** 3;
/** The bits of a page table entry that are an address. */
const ADDRESS = 0x000ffffffffff000n;
/** Above all memory that the capture has. */
const NEW_PHYSICAL = 2 ** 41;

/** Writes `to`, a dump with `pages` struct pages made of the capture `from`. */
export async function makeSynthetic(from, to, pages) {
  const inspector = await openMemory(from);
  const { model, kernel, types, layout } = inspector;
  const { walker } = kernel.space;
  if (layout.size !== 64 || model.base === undefined)
    throw new Error('needs vmemmap with 64-byte struct pages');
  const old = model.sections.list;
  const zones = readZones(kernel, types);
  // the zone in which most sections begin goes on
  const inZone = (z) =>
    old.filter(({ number }) => number * SECTION_PAGES >= z.start && number * SECTION_PAGES < z.end);
  const normal = zones.reduce((best, z) => (inZone(z).length > inZone(best).length ? z : best));
  const usable = inZone(normal);
  if (usable.length === 0) throw new Error('needs a zone in which a section of 128 MiB begins');
  const next = old.at(-1).number + 1;
  const last = next + Math.ceil((pages - inspector.presentPages) / SECTION_PAGES);
  const patches = [];
  const physicalOf = (address) => walker.translate(address);

  // one leaf of 2 MiB maps the struct pages of a section
  const leafOf = (section) => {
    const { steps, pageSize } = walker.walk(model.base + BigInt(section) * BigInt(LEAF));
    if (pageSize !== LEAF) throw new Error('needs a vmemmap that is mapped by 2 MiB');
    return steps.at(-1);
  };
  const leaves = usable.map((s) => leafOf(s.number).entry);
  const pud = walker.walk(model.base).steps.find((s) => s.level === 'pud');
  const firstPmd = walker.walk(model.base).steps.find((s) => s.level === 'pmd');
  const tables = Math.ceil(last / 512);
  if (pud.index + tables >= 512)
    throw new Error('the new page array would need another page of the pud level');

  // the new segment: a page table for each GiB of array, one for the table of sections, and that table
  const structSize = types.structSize('mem_section');
  const perRoot = Math.floor(4096 / structSize);
  const roots = Math.ceil(last / perRoot);
  const rootsAt = tables + 1;
  const tablesEnd = Math.ceil(((rootsAt + roots) * 4096) / LEAF) * LEAF;
  const bytes = Buffer.alloc(tablesEnd);
  const flags = pud.entry & 0xfffn;
  const leafFlags = leaves[0] & 0xfffn;
  for (let section = next; section < last; section++) {
    const entry = BigInt(NEW_PHYSICAL + tablesEnd + (section - next) * LEAF) | leafFlags;
    const table = Math.floor(section / 512);
    if (table === 0) patches.push([firstPmd.at - firstPmd.index * 8 + (section % 512) * 8, entry]);
    else bytes.writeBigUInt64LE(entry, table * 4096 + (section % 512) * 8);
  }
  for (let table = 1; table < tables; table++) {
    patches.push([pud.at + table * 8, BigInt(NEW_PHYSICAL + table * 4096) | flags]);
  }
  patches.push([pud.at + tables * 8, BigInt(NEW_PHYSICAL + tables * 4096) | flags]);
  bytes.writeBigUInt64LE(BigInt(NEW_PHYSICAL) | leafFlags, tables * 4096);
  const virtual = model.base + BigInt(tables) * BigInt(GIB);

  // mem_section: the roots that are there are filled up, new ones point into the new segment
  const table = kernel.vmcoreinfo.symbol('mem_section');
  const sample = kernel.space.read(
    kernel.space.readWord(table + BigInt(Math.floor(usable[0].number / perRoot) * 8)) +
      BigInt((usable[0].number % perRoot) * structSize),
    structSize,
  );
  const words = Array.from({ length: structSize / 8 }, (_, i) => Buffer.from(sample).readBigUInt64LE(i * 8));
  const oldRoots = Math.ceil(next / perRoot);
  for (let section = next; section < last; section++) {
    const root = Math.floor(section / perRoot);
    const within = (section % perRoot) * structSize;
    if (root < oldRoots) {
      const at = physicalOf(kernel.space.readWord(table + BigInt(root * 8)) + BigInt(within));
      for (const [i, word] of words.entries()) patches.push([at + i * 8, word]);
    } else {
      for (const [i, word] of words.entries()) {
        bytes.writeBigUInt64LE(word, (rootsAt + root) * 4096 + within + i * 8);
      }
    }
  }
  for (let root = oldRoots; root < roots; root++) {
    patches.push([physicalOf(table + BigInt(root * 8)), virtual + BigInt((rootsAt + root) * 4096)]);
  }

  // the zone has grown too
  const node = kernel.vmcoreinfo.length('node_data')
    ? kernel.space.readWord(kernel.symbol('node_data'))
    : kernel.symbol('contig_page_data');
  const zoneAt =
    node +
    BigInt(
      types.place('pglist_data', 'node_zones').offset +
        normal.zone * types.structSize('zone') +
        types.place('zone', 'spanned_pages').offset,
    );
  patches.push([physicalOf(zoneAt), BigInt(last * SECTION_PAGES - normal.start)]);
  inspector.close();

  copyFileSync(from, to);
  const segments = segmentsOf(to);
  const fd = openSync(to, 'r+');
  const word = Buffer.alloc(8);
  for (const [physical, value] of patches) {
    word.writeBigUInt64LE(value);
    writeSync(fd, word, 0, 8, place(segments, physical).offset);
  }
  const originals = usable.map(({ number }, i) => {
    const section = Buffer.alloc(LEAF);
    readSync(fd, section, 0, LEAF, place(segments, Number(leaves[i] & ADDRESS)).offset);
    return { number, words: new BigUint64Array(section.buffer, section.byteOffset, LEAF / 8) };
  });
  // a tail of a folio that begins in another section would name a head that is not its own
  const isWhole = ({ number, words }) => {
    const first = model.base + BigInt(number) * BigInt(LEAF);
    for (let at = layout.offsets.compound / 8; at < words.length; at += layout.size / 8) {
      const inside = words[at] >= first && words[at] < first + BigInt(LEAF);
      if (words[at] & 1n && !inside && words[at] >> 32n !== 0xffffffffn) return false;
    }
    return true;
  };
  const wholes = originals.filter(isWhole);
  if (wholes.length === 0) throw new Error('needs a section in which all folios begin that it has tails of');
  const copies = function* () {
    yield bytes;
    for (let section = next; section < last; section++) {
      const { number, words } = wholes[(section - next) % wholes.length];
      const first = model.base + BigInt(number) * BigInt(LEAF);
      const by = BigInt(section - number) * BigInt(LEAF);
      const end = first + BigInt(LEAF);
      const copy = words.map((word) => (word >= first && word < end ? word + by : word));
      yield Buffer.from(copy.buffer);
    }
  };
  appendSegment(fd, statSync(to).size, NEW_PHYSICAL, tablesEnd + (last - next) * LEAF, copies());
  return { sections: last - next, pages: last * SECTION_PAGES };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [from, to, pages] = process.argv.slice(2);
  console.log(await makeSynthetic(from, to, Number(pages)));
}
