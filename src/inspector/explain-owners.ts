import { hex } from '../core/address.ts';
import { readOr } from '../core/errors.ts';
import { areaNames } from '../owners/area-names.ts';
import { FileNames } from '../owners/file-names.ts';
import { Places } from '../referrers/places.ts';
import type { Inspector } from './inspector.ts';

/** Mappings of a page that are listed; the others are counted. */
const MOST_MAPPINGS = 20;

/**
 * How a page leads to its owners, a line for each way: pointer by pointer, from its struct page to a name. Lines that need memory
 * which the dump lacks are left out.
 */
export function ownersOfPage(
  inspector: Inspector,
  pfn: number,
  cells: Readonly<Record<string, string>>,
): string[] {
  return [
    ...placeOf(inspector, pfn),
    ...fileOf(inspector, cells),
    ...memcgOf(cells),
    ...mappingsOf(inspector, pfn),
  ];
}

/** What memory of the kernel has in the page: a stack, a module, a table of page tables, an area of vmalloc(). */
function placeOf(inspector: Inspector, pfn: number): string[] {
  return readOr<string[]>([], () => {
    const { objects, layout, reader, model, classes, kernel } = inspector;
    const headOf = (page: number): number => inspector.headOf(page);
    const places = new Places({ objects, layout, reader, model, classes: classes.codes, headOf });
    const { address, className, name } = places.at(pfn * kernel.pageBytes);
    return address === undefined || className === 'slab' ? [] : [`${hex(address)}: ${name}`];
  });
}

function fileOf(
  { objects }: Inspector,
  { mapping, mapping_kind: kind, file }: Readonly<Record<string, string>>,
): string[] {
  if (mapping === undefined || mapping === '' || kind === undefined || kind === 'none') return [];
  const address = BigInt(mapping);
  if (kind === 'anon') return [`mapping ${mapping} -> anon_vma ${hex(address & ~3n)}`];
  if (kind !== 'file') return [];
  return readOr<string[]>([], () => {
    const inode = objects.struct('address_space').word(address, 'host');
    if (inode === 0n) return [];
    const type = objects.struct('inode');
    const block = type.word(inode, 'i_sb');
    const kindOf = objects.struct('super_block').word(block, 's_type');
    const name = objects.memory.string(objects.struct('file_system_type').word(kindOf, 'name'), 64);
    return [
      `mapping ${mapping} -> inode ${hex(inode)} (${type.word(inode, 'i_ino')}) of ${name} ${hex(block)} -> ${file === '' ? 'no name' : file}`,
    ];
  });
}

function memcgOf({ memcg_data: data, memcg }: Readonly<Record<string, string>>): string[] {
  return data === undefined || memcg === undefined || memcg === ''
    ? []
    : [`memcg_data ${data} -> cgroup ${memcg}`];
}

function mappingsOf(inspector: Inspector, pfn: number): string[] {
  return readOr<string[]>([], () => {
    const { objects, owners, kernel } = inspector;
    const mappers = owners.mappers.mappersOf(pfn);
    const files = new FileNames(objects, () => {});
    const lines = mappers.slice(0, MOST_MAPPINGS).map(({ process, page }) => {
      const address = page * kernel.pageBytes;
      const area = process.areas.find((a) => address >= a.start && address < a.end);
      const names = area && readOr(undefined, () => areaNames(objects, files, process.mm, area));
      const of = area
        ? ` vm_area_struct ${hex(area.address)} ${names?.perms ?? ''} ${names?.name ?? ''}`
        : '';
      return `mapped by ${process.comm}[${process.pid}] at ${hex(BigInt(address))}: mm_struct ${hex(process.mm)}${of.trimEnd()}`;
    });
    const more = mappers.length - lines.length;
    return more > 0 ? [...lines, `mapped ${more} more times`] : lines;
  });
}
