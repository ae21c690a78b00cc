import { cString } from '../../core/bytes.ts';
import { Cursor } from './cursor.ts';
import type { DwarfSections } from './units.ts';
import type { Value } from './values.ts';

/** Reads texts of attributes, and tells which of them are wanted names without decoding each. */
export class DwarfStrings {
  readonly #sections: DwarfSections;
  readonly #wanted: ReadonlySet<string>;
  /** Wanted names by offset. Linkers merge a name with the end of a longer one, so there may be several. */
  readonly #offsets: Record<'str' | 'line_str', ReadonlyMap<number, string>>;

  constructor(sections: DwarfSections, wanted: ReadonlySet<string>) {
    this.#sections = sections;
    this.#wanted = wanted;
    this.#offsets = { str: offsetsOf(sections.str, wanted), line_str: offsetsOf(sections.lineStr, wanted) };
  }

  /** The text of a value; undefined if it is not a text, or is in another file. */
  text(value: Value, offsetsBase: number, offsetSize: 4 | 8): string | undefined {
    if (value.kind === 'text') return value.value;
    if (value.kind === 'index') return this.#indexed(value.index, offsetsBase, offsetSize);
    return value.kind === 'string' ? this.#at(value.section, value.offset) : undefined;
  }

  /** The text of a value if it is one of the wanted names. */
  wanted(value: Value, offsetsBase: number, offsetSize: 4 | 8): string | undefined {
    if (value.kind === 'string') return this.#offsets[value.section].get(value.offset);
    const text = this.text(value, offsetsBase, offsetSize);
    return text !== undefined && this.#wanted.has(text) ? text : undefined;
  }

  #at(section: 'str' | 'line_str', offset: number): string | undefined {
    const bytes = section === 'str' ? this.#sections.str : this.#sections.lineStr;
    return offset < bytes.length ? cString(bytes, offset) : undefined;
  }

  #indexed(index: number, base: number, offsetSize: 4 | 8): string | undefined {
    const { strOffsets, littleEndian } = this.#sections;
    const at = base + index * offsetSize;
    if (at + offsetSize > strOffsets.length) return undefined;
    return this.#at('str', new Cursor(strOffsets, littleEndian, at).offset(offsetSize));
  }
}

function offsetsOf(section: Uint8Array, names: Iterable<string>): Map<number, string> {
  const bytes = Buffer.from(section.buffer, section.byteOffset, section.length);
  const found = new Map<number, string>();
  for (const name of names) {
    const text = Buffer.from(`${name}\0`, 'latin1');
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) found.set(at, name);
  }
  return found;
}
