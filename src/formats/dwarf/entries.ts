import { FormatError } from '../../core/errors.ts';
import type { Abbreviation } from './abbrevs.ts';
import type { Cursor } from './cursor.ts';
import type { DwarfSections, LoadedUnit } from './units.ts';
import { readValue, skipValue, type Value } from './values.ts';

/** An entry (DIE) with its attributes. */
export interface Entry {
  /** Offset in .debug_info, in bytes. */
  readonly offset: number;
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: ReadonlyMap<number, Value>;
}

/** Reads the entry at `offset` of .debug_info, and moves the cursor of its unit past it. */
export function readEntry(loaded: LoadedUnit, cursor: Cursor): Entry | undefined {
  const offset = loaded.unit.start + cursor.at;
  const abbreviation = abbreviationAt(loaded, cursor);
  if (!abbreviation) return undefined;
  const attributes = new Map<number, Value>();
  for (const spec of abbreviation.attributes) attributes.set(spec.name, readValue(cursor, spec, loaded.unit));
  return { offset, tag: abbreviation.tag, hasChildren: abbreviation.hasChildren, attributes };
}

/** Reads the code at the cursor and returns the shape of its entry; undefined at the end of a list of children. */
export function abbreviationAt({ abbreviations }: LoadedUnit, cursor: Cursor): Abbreviation | undefined {
  const code = cursor.uleb();
  if (code === 0) return undefined;
  const abbreviation = abbreviations[code];
  if (!abbreviation) throw new RangeError(`an entry of code ${code}, which the unit does not have`);
  return abbreviation;
}

/** Moves from the code of an entry past its values; returns whether its children follow. */
export function skipEntry({ unit }: LoadedUnit, cursor: Cursor, abbreviation: Abbreviation): boolean {
  const { hasChildren, fixedSize, siblingAt, attributes } = abbreviation;
  if (hasChildren && siblingAt >= 0) {
    const from = cursor.at;
    cursor.at += siblingAt;
    const sibling = cursor.u32();
    if (sibling <= from) throw new RangeError('a sibling that lies before its entry');
    cursor.at = sibling;
    return false;
  }
  if (fixedSize >= 0) cursor.at += fixedSize;
  else for (const spec of attributes) skipValue(cursor, spec, unit);
  return hasChildren;
}

/** The direct children of the entry that the cursor has just passed. */
export function* children(loaded: LoadedUnit, cursor: Cursor): Generator<Entry> {
  for (;;) {
    const entry = readEntry(loaded, cursor);
    if (!entry) return;
    const behind = cursor.at;
    yield entry;
    cursor.at = behind;
    if (entry.hasChildren) skipChildren(loaded, cursor);
  }
}

function skipChildren(loaded: LoadedUnit, cursor: Cursor): void {
  for (let depth = 1; depth > 0; ) {
    const abbreviation = abbreviationAt(loaded, cursor);
    if (!abbreviation) depth--;
    else if (skipEntry(loaded, cursor, abbreviation)) depth++;
  }
}

/** Runs a reader of a unit; turns its RangeError into a FormatError with the place. */
export function reading<T>(sections: DwarfSections, { unit }: LoadedUnit, cursor: Cursor, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FormatError({
      file: `${sections.name}, .debug_info`,
      offset: unit.start + cursor.at,
      expected: 'entries as their abbreviations describe them',
      found: error.message,
    });
  }
}
