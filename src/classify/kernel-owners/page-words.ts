import type { VirtAddr } from '../../core/address.ts';
import { recordOffset } from '../../layout/record.ts';
import { PAGE_CLASSES } from '../classes.ts';
import type { OwnerParts, TellOwner } from './kernel-owner.ts';

/**
 * Tells the owner of the pages of a class by the pointer at `offset` of their struct pages. `nameOf` names what it points to, once
 * each; an empty name is not told.
 */
export function tellByPage(
  { machine, codes }: OwnerParts,
  className: string,
  offset: number,
  nameOf: (pointer: VirtAddr) => string,
  tell: TellOwner,
): void {
  const { reader, objects } = machine;
  const { wordBytes } = objects.memory.format;
  const at = recordOffset(offset, wordBytes, objects.kernel.architecture);
  const isOurs = PAGE_CLASSES.map((c) => c.name === className);
  const names = new Map<VirtAddr, string>();
  for (let pfn = 0; pfn < codes.length; pfn++) {
    if (!isOurs[codes[pfn]!]) continue;
    const { bytes, states } = reader.read(pfn, 1);
    if (states[0] !== 0) continue;
    const record = new DataView(bytes.buffer, bytes.byteOffset);
    const pointer = wordBytes === 8 ? record.getBigUint64(at, true) : BigInt(record.getUint32(at, true));
    let name = names.get(pointer);
    if (name === undefined) {
      name = pointer === 0n ? '' : nameOf(pointer);
      names.set(pointer, name);
    }
    if (name !== '') tell(name, pfn);
  }
}
