import type { ByteSource } from '../core/bytes.ts';
import { FormatError, UnsupportedError } from '../core/errors.ts';
import type { ImageFormat, OpenContext, OpenImage } from './image-format.ts';
import { type Piece, piecesMemory } from './pieces.ts';
import { isVmware, readVmwareGroup, type VmwareTag } from './vmware-tags.ts';

const PAGE = 4096;
/** Guests with more memory than this have a PCI hole below 4 GiB, and therefore regions. */
const MAX_REGIONS = 4096;

/**
 * VMware suspend states and snapshots. A .vmss or .vmsn tells the places of the regions in the .vmem beside it; small or
 * older ones contain the memory themselves.
 */
export const vmware: ImageFormat = {
  name: 'vmware',
  takesParts: true,

  probe: isVmware,

  open(source, context): OpenImage {
    const warnings: string[] = [];
    const tags = readVmwareGroup(source, 'memory');
    const inner = tags.find((t) => t.name.toLowerCase() === 'memory' && t.size > PAGE);
    if (inner?.packed) {
      throw new UnsupportedError(
        `${source.name}: a VMware snapshot with compressed memory`,
        'take one of a suspended machine, or with the memory in a .vmem file',
      );
    }
    const memory = inner ? source : vmemOf(source, context);
    if (!memory) {
      throw new FormatError({
        file: source.name,
        expected: 'a .vmem file with the memory beside it',
        found: 'none',
        advice: 'Name both files',
      });
    }
    for (const part of context.parts ?? []) {
      if (part === memory) continue;
      warnings.push(`${part.name} was not used`);
      part.close();
    }
    const base = inner?.offset ?? 0;
    const length = inner?.size ?? memory.byteLength;
    const regions = regionsOf(tags);
    const count = tags.find((t) => t.name === 'regionsCount')?.value ?? 0;
    if (count > regions.length) {
      warnings.push(
        `${source.name} has ${count} regions of memory but describes only ${regions.length}: it is cut off or damaged, and the memory of the others is lost`,
      );
    }
    const pieces: Piece[] =
      regions.length === 0
        ? [{ start: 0, end: length, offset: base, source: memory }]
        : regions.map((r) => ({
            start: r.start * PAGE,
            end: (r.start + r.pages) * PAGE,
            offset: base + r.page * PAGE,
            source: memory,
          }));
    return {
      format: inner ? 'VMware snapshot' : 'VMware memory (.vmem) with its state',
      memory: piecesMemory(memory, pieces),
      notes: [],
      details: [['regions', `${Math.max(1, regions.length)}`]],
      warnings,
      close: () => {
        source.close();
        if (memory !== source) memory.close();
      },
    };
  },
};

/** The regions of guest memory, in pages: their place in the guest, and in the file. */
function regionsOf(tags: readonly VmwareTag[]): { start: number; page: number; pages: number }[] {
  const count = tags.find((t) => t.name === 'regionsCount')?.value ?? 0;
  const get = (name: string, i: number): number | undefined =>
    tags.find((t) => t.name === name && t.indices[0] === i)?.value;
  const out: { start: number; page: number; pages: number }[] = [];
  for (let i = 0; i < Math.min(count, MAX_REGIONS); i++) {
    const start = get('regionPPN', i);
    const page = get('regionPageNum', i);
    const pages = get('regionSize', i);
    if (start !== undefined && page !== undefined && pages !== undefined) out.push({ start, page, pages });
  }
  return out;
}

function vmemOf(source: ByteSource, context: OpenContext): ByteSource | undefined {
  const part = context.parts?.find((p) => /\.vmem$/i.test(p.name)) ?? context.parts?.[0];
  return part ?? context.sibling?.(source.name.replace(/\.[^./]*$/, '.vmem'));
}
