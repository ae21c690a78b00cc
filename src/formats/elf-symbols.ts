import { cString, viewOf } from '../core/bytes.ts';
import type { ElfHeader } from './elf.ts';
import type { ElfSections } from './elf-sections.ts';

/** Bytes of a symbol of each class, and where its value and its section are (gABI). */
const SHAPES = {
  4: { size: 16, value: 4, section: 14 },
  8: { size: 24, value: 8, section: 6 },
} as const;
/** Larger than the symbols, or the names, of any kernel. */
const MAX_SECTION = 256 * 1024 * 1024;
/** st_shndx of what is only used. */
const SHN_UNDEF = 0;

/** The values of those symbols of .symtab that are wanted; of several of one name the first. Empty for a stripped file. */
export function elfSymbols(
  { wordBytes, littleEndian }: Pick<ElfHeader, 'wordBytes' | 'littleEndian'>,
  sections: ElfSections,
  wanted: ReadonlySet<string>,
): Map<string, bigint> {
  const found = new Map<string, bigint>();
  const names = sections.read('.strtab', MAX_SECTION);
  const symbols = sections.read('.symtab', MAX_SECTION);
  if (!names || !symbols) return found;
  const view = viewOf(symbols);
  const { size, value, section } = SHAPES[wordBytes];
  for (let at = 0; at + size <= symbols.length; at += size) {
    if (view.getUint16(at + section, littleEndian) === SHN_UNDEF) continue;
    const nameAt = view.getUint32(at, littleEndian);
    if (nameAt === 0 || nameAt >= names.length) continue;
    const name = cString(names, nameAt);
    if (!wanted.has(name) || found.has(name)) continue;
    const word = at + value;
    found.set(
      name,
      wordBytes === 8 ? view.getBigUint64(word, littleEndian) : BigInt(view.getUint32(word, littleEndian)),
    );
  }
  return found;
}
